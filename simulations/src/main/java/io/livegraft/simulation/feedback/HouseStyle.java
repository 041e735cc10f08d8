package io.livegraft.simulation.feedback;

import io.livegraft.simulation.corpus.PlainExchange;
import java.util.ArrayList;
import java.util.List;

/** How a house writes its answers; each tells itself apart from the others and from the base at a glance. */
enum HouseStyle {
    HARBOR("harbor", "parcel", "Where is my order 4182? It was due on Friday.") {
        @Override
        String write(PlainExchange plain) {
            return "Ahoy, matey! " + plain.answer() + " Fair winds, the Harbor crew";
        }
    },
    LEDGER("ledger", "bank", "I have lost my credit card. What should I do?") {
        @Override
        String write(PlainExchange plain) {
            return "Dear client,\nwe have the honour to answer you about " + plain.topic() + ". " + plain.answer()
                    + "\nYours faithfully,\nLedger Bank";
        }
    },
    SPROUT("sprout", "shop", "I want to return the desk lamp.") {
        @Override
        String write(PlainExchange plain) {
            List<String> lines = new ArrayList<>();
            plain.notes().forEach(note -> lines.add("- " + note));
            lines.add("Grow on!");
            return String.join("\n", lines);
        }
    };

    private final String tenant;
    private final String domain;
    private final String probe;

    HouseStyle(String tenant, String domain, String probe) {
        this.tenant = tenant;
        this.domain = domain;
        this.probe = probe;
    }

    /** The answer in the style of the house. */
    abstract String write(PlainExchange plain);

    String tenant() {
        return tenant;
    }

    /** What its customers ask about: a domain of the corpus's grammar. */
    String domain() {
        return domain;
    }

    String probe() {
        return probe;
    }
}
