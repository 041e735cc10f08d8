package io.livegraft.gpu.tensor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * Where each named matrix lies in one flat float32 array: parameters, their gradients and both moments share it, so that
 * one pass of the optimizer covers them all.
 */
public final class ParameterLayout {
    /**
     * One matrix, row-major.
     *
     * @param name of the tensor in its file
     * @param rows out, or r, or 1 for a vector
     * @param columns in
     * @param offset of the first element, in floats
     */
    public record Entry(String name, int rows, int columns, int offset) {
        public int size() {
            return rows * columns;
        }
    }

    private final SequencedMap<String, Entry> entries;
    private final int size;

    private ParameterLayout(SequencedMap<String, Entry> entries, int size) {
        this.entries = entries;
        this.size = size;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Entries in the order of their offsets. */
    public List<Entry> entries() {
        return new ArrayList<>(entries.sequencedValues());
    }

    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    public Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("no parameter " + name);
        }
        return entry;
    }

    /** Number of floats in all. */
    public int size() {
        return size;
    }

    /**
     * Adds matrices one behind the other, without gaps; a name that is there already is an {@link IllegalArgumentException}.
     */
    public static final class Builder {
        private final SequencedMap<String, Entry> entries = new LinkedHashMap<>();
        private int size;

        public Builder add(String name, int rows, int columns) {
            if (entries.put(name, new Entry(name, rows, columns, size)) != null) {
                throw new IllegalArgumentException("parameter " + name + " is there twice");
            }
            size = Math.addExact(size, Math.multiplyExact(rows, columns));
            return this;
        }

        public ParameterLayout build() {
            return new ParameterLayout(new LinkedHashMap<>(entries), size);
        }
    }
}
