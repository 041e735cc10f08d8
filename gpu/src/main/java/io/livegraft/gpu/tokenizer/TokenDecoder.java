package io.livegraft.gpu.tokenizer;

/** Turns ids into text one at a time; never gives out half a character. */
public final class TokenDecoder {
    public String push(int id) {
        throw new UnsupportedOperationException();
    }

    public String flush() {
        throw new UnsupportedOperationException();
    }
}
