package io.livegraft.simulation.corpus;

import java.util.List;

/**
 * A way to write the same answer.
 *
 * @param instructions what a system line says to ask for this style
 * @param contractions whether "we will" becomes "we'll"
 * @param anonymous what stands for the name of a customer who gave none
 * @param openings first words of an answer; those that name {@code {topic}} are used for a first question only
 */
record Style(
        String name,
        Layout layout,
        boolean contractions,
        String anonymous,
        List<String> instructions,
        List<String> openings,
        List<String> closings) {

    /** How the parts of an answer are put on lines. */
    enum Layout {
        /** Opening, answer, detail and closing in one paragraph. */
        PARAGRAPH,
        /** Greeting, body and sign-off on lines of their own. */
        LETTER,
        /** Notes as a list with dashes. */
        NOTES,
        /** Steps as a numbered list under one line. */
        STEPS,
        /** A paragraph that ends with an offer. */
        OFFER
    }
}
