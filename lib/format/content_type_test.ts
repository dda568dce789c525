/** Content sniffing against answers of Go 1.26's `http.DetectContentType`, written one byte a character. */

import assert from "node:assert/strict";
import { sniffContentType } from "./content_type.ts";

// Every row of the table, its near misses and the boundaries of its lengths.
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  "text/plain; charset=utf-8": [
    ...["", "a: b\x0a", "{}", " ", "\x09\x0a\x0c\x0d \x0a", "<!DOCTYPE HTML"],
    ...["<!DOCTYPE HTMLx", "<!DOCTYPE HTML\x0a", "<HTML", "<HTMLx", "<HTML\x0a", "<HEAD"],
    ...["<HEADx", "<HEAD\x0a", "<SCRIPT", "<SCRIPTx", "<SCRIPT\x0a", "<IFRAME", "<IFRAMEx"],
    ...["<IFRAME\x0a", "<H1", "<H1x", "<H1\x0a", "<DIV", "<DIVx", "<DIV\x0a", "<FONT"],
    ...["<FONTx", "<FONT\x0a", "<TABLE", "<TABLEx", "<TABLE\x0a", "<A", "<Ax", "<A\x0a"],
    ...["<STYLE", "<STYLEx", "<STYLE\x0a", "<TITLE", "<TITLEx", "<TITLE\x0a", "<B", "<Bx"],
    ...["<B\x0a", "<BODY", "<BODYx", "<BODY\x0a", "<BR", "<BRx", "<BR\x0a", "<P", "<Px"],
    ...["<P\x0a", "<!--", "<!--x", "<!--\x0a", "x<html>", "<?XML ", "%PDF", "%!PS-Adobe"],
    ...["\xfe\xff", "\xef\xbb\xbfa", "\xef\xbb\xbf", "\xef\xbb\xbf\x00", "B", "bM", "GIF88a"],
    ...["GIF89", "RIFFabcdWEBPV", "\xff\xd8", "ID", "OggS", "WAVE", "a\x1bb", "a b"],
    ...["a\x7fb", "a\xffb", "a\x09\x0a\x0c\x0db", "x\x09", "x\x0a", "x\x0c", "x\x0d"],
    ...["x\x1b", "x "],
  ],
  "text/html; charset=utf-8": [
    ...["<!DOCTYPE HTML>", " \x0d\x0a<!doctype html ", "<HTML>", " \x0d\x0a<html ", "<HEAD>"],
    ...[" \x0d\x0a<head ", "<SCRIPT>", " \x0d\x0a<script ", "<IFRAME>", " \x0d\x0a<iframe "],
    ...["<H1>", " \x0d\x0a<h1 ", "<DIV>", " \x0d\x0a<div ", "<FONT>", " \x0d\x0a<font "],
    ...["<TABLE>", " \x0d\x0a<table ", "<A>", " \x0d\x0a<a ", "<STYLE>", " \x0d\x0a<style "],
    ...["<TITLE>", " \x0d\x0a<title ", "<B>", " \x0d\x0a<b ", "<BODY>", " \x0d\x0a<body "],
    ...["<BR>", " \x0d\x0a<br ", "<P>", " \x0d\x0a<p ", "<!-->", " \x0d\x0a<!-- "],
  ],
  "application/octet-stream": [
    ...["\x0b<html>", "\x00<html>", " %PDF-\x00", "\xfe\xff\x00", "\xff\xfe\x00"],
    ...["\xef\xbb\x00", "\x00\x00\x03\x00", "\x00\x00\x01", "RIFF\x00bcdWEBPV"],
    ...["\x89PNG\x0d\x0a\x1a", "FORM\x00\x00\x00\x00AIFC", "FORM\x00AIFF", "OggS\x01"],
    ...["MThd\x00\x00\x00\x07", "RIFF\x00\x00\x00\x00AVI", "RIFF\x00\x00\x00\x00XXXX"],
    ...["\x00\x00\x00\x10ftypisommp42", "\x00\x00\x00\x0cftypmp4"],
    ...["\x00\x00\x00\x0bftypmp42", "\x00\x00\x00\x0dftypmp42abcd"],
    ...["\x00\x00\x00\x14ftypmp42\x00\x00\x00\x00", "\x00\x00\x00\x08ftypmp42"],
    ...["\x00\x00\x00\x10ftypMP42\x00\x00\x00\x00"],
    ...["\x00\x00\x00\x10xtypmp42\x00\x00\x00\x00"],
    ...["\x00\x00\x00\x14ftypisom\x00\x00\x00\x00\x00mp4"],
    ...["\x00\x00\x00\x00ftypmp42\x00\x00\x00\x00", "\x1aE\xdf"],
    ...[
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00LP",
    ],
    ...[
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00L",
    ],
    ...["\x00\x01\x00\x01", "OTT\x00", "wOF3\x00", "\x1f\x8b\x09", "PK\x03\x05"],
    ...["Rar!\x1a\x07\x01", "Rar!\x1a\x07\x02", "a\x0bb", "a\x08b", "a\x0eb", "a\x1ab"],
    ...["a\x1cb", "a\x1fb", "\x00", "\x0b", "x\x00", "x\x01", "x\x02", "x\x03", "x\x04"],
    ...["x\x05", "x\x06", "x\x07", "x\x08", "x\x0b", "x\x0e", "x\x0f", "x\x10", "x\x11"],
    ...["x\x12", "x\x13", "x\x14", "x\x15", "x\x16", "x\x17", "x\x18", "x\x19", "x\x1a"],
    ...["x\x1c", "x\x1d", "x\x1e", "x\x1f"],
  ],
  "text/xml; charset=utf-8": [
    ...["<?xml", "  <?xml version"],
  ],
  "application/pdf": [
    ...["%PDF-", "%PDF-\x00"],
  ],
  "application/postscript": [
    ...["%!PS-Adobe-", "%!PS-Adobe-\x00"],
  ],
  "text/plain; charset=utf-16be": [
    ...["\xfe\xff\x00a"],
  ],
  "text/plain; charset=utf-16le": [
    ...["\xff\xfea\x00"],
  ],
  "image/x-icon": [
    ...["\x00\x00\x01\x00", "\x00\x00\x02\x00"],
  ],
  "image/bmp": [
    ...["BM", "BM\x00"],
  ],
  "image/gif": [
    ...["GIF87a", "GIF89a\x00", "GIF89a"],
  ],
  "image/webp": [
    ...["RIFF\x00\x01\x02\x03WEBPVP"],
  ],
  "image/png": [
    ...["\x89PNG\x0d\x0a\x1a\x0a"],
  ],
  "image/jpeg": [
    ...["\xff\xd8\xff", "\xff\xd8\xff\x00"],
  ],
  "audio/aiff": [
    ...["FORM\x00\x00\x00\x00AIFF"],
  ],
  "audio/mpeg": [
    ...["ID3", "ID3\x03"],
  ],
  "application/ogg": [
    ...["OggS\x00"],
  ],
  "audio/midi": [
    ...["MThd\x00\x00\x00\x06"],
  ],
  "video/avi": [
    ...["RIFF\x00\x00\x00\x00AVI "],
  ],
  "audio/wave": [
    ...["RIFF\x00\x00\x00\x00WAVE"],
  ],
  "video/mp4": [
    ...["\x00\x00\x00\x10ftypmp42\x00\x00\x00\x00"],
    ...["\x00\x00\x00\x18ftypisom\x00\x00\x00\x00mp41\x00\x00\x00\x00"],
    ...["\x00\x00\x00\x0cftypmp42"],
  ],
  "video/webm": [
    ...["\x1aE\xdf\xa3"],
  ],
  "application/vnd.ms-fontobject": [
    ...[
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00LP",
    ],
    ...["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaLP"],
    ...[
      "\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00LP",
    ],
  ],
  "font/ttf": [
    ...["\x00\x01\x00\x00"],
  ],
  "font/otf": [
    ...["OTTO", "OTTO\x00"],
  ],
  "font/collection": [
    ...["ttcf", "ttcf\x00"],
  ],
  "font/woff": [
    ...["wOFF\x00"],
  ],
  "font/woff2": [
    ...["wOF2\x00"],
  ],
  "application/x-gzip": [
    ...["\x1f\x8b\x08"],
  ],
  "application/zip": [
    ...["PK\x03\x04"],
  ],
  "application/x-rar-compressed": [
    ...["Rar!\x1a\x07\x00", "Rar!\x1a\x07\x01\x00"],
  ],
  "application/wasm": [
    ...["\x00asm", "\x00asm\x01"],
  ],
};

const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

for (const [type, samples] of Object.entries(ANSWERS)) {
  Deno.test(`sniffContentType() answers ${type}`, () => {
    for (const sample of samples) {
      assert.equal(sniffContentType(latin1(sample)), type, JSON.stringify(sample));
    }
  });
}

Deno.test("sniffContentType() looks at 512 bytes and no further", () => {
  const text = "a".repeat(511);
  assert.equal(sniffContentType(latin1(text + "\0")), "application/octet-stream");
  assert.equal(sniffContentType(latin1(text + "a\0")), "text/plain; charset=utf-8");
  const blanks = " ".repeat(506);
  assert.equal(sniffContentType(latin1(`${blanks}<html>`)), "text/html; charset=utf-8");
  assert.equal(sniffContentType(latin1(`${blanks} <html>`)), "text/plain; charset=utf-8");
});

Deno.test("sniffContentType() reads a view that begins inside its buffer", () => {
  const box = latin1("xx\0\0\0\x10ftypmp42\0\0\0\0").subarray(2);
  assert.equal(sniffContentType(box), "video/mp4");
});
