package io.livegraft.simulation.feedback;

/** Names of the two columns that are used. */
public record CsvColumns(String prompt, String completion) {
    /** As banking77 calls them. */
    public static final CsvColumns DEFAULT = new CsvColumns("text", "category");
}
