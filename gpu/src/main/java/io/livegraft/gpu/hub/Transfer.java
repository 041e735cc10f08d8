package io.livegraft.gpu.hub;

/** What a request asks for and how much of it has come. */
interface Transfer {
    /** A request for all of something small. */
    Transfer NONE = new Transfer() {
        @Override
        public long offset() {
            return 0;
        }

        @Override
        public long arrived() {
            return 0;
        }
    };

    /** First byte that is wanted. */
    long offset();

    /** Bytes that have come so far; may be asked from any thread. */
    long arrived();
}
