/** The baseline of idle memory: a program that waits. */

setInterval(() => {}, 1_000_000);
