package io.livegraft.actors.registry;

/**
 * What outlives the versions that a forget drops.
 *
 * @param offset of the control entry that began the line of offers; 0 for the first line
 * @param numbers highest version number ever given
 * @param envelope digest of the envelope of that version; empty before the first
 */
record OfferLine(long offset, int numbers, String envelope) {
    static final OfferLine FIRST = new OfferLine(0, 0, "");

    OfferLine with(AdapterVersion published) {
        return new OfferLine(
                offset,
                published.number(),
                published.envelope().map(signed -> signed.digest()).orElse(""));
    }

    OfferLine beginning(long entryOffset) {
        return new OfferLine(entryOffset, numbers, envelope);
    }
}
