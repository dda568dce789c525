package dev.kcfg.client;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;

/** Starts with the configuration of a Config Server, prints what was bound to typed properties, and ends. */
@SpringBootApplication
@EnableConfigurationProperties(Client.Shop.class)
public class Client {

    /** What the server is asked for. */
    @ConfigurationProperties("shop")
    public record Shop(String name, int limit, boolean open, Duration timeout, List<String> hosts,
            List<Item> items, Map<String, Double> prices, String greeting) {}

    /** An element of a list of objects. */
    public record Item(String id, Integer count) {}

    public static void main(String[] args) {
        try (var context = SpringApplication.run(Client.class, args)) {
            System.out.println("BOUND " + context.getBean(Shop.class));
        }
    }
}
