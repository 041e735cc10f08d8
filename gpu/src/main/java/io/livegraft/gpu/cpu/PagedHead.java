package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.KvCache;

/** Of a sequence in pages: panels are put together from them. */
record PagedHead(FloatKvPages pages, KvCache cache, int layer, int head, int length) implements HeadMemory {
    /** What is done with {@code count} positions of one page, {@code done} positions behind the first. */
    interface Part {
        void accept(int done, Matrix part);
    }

    @Override
    public PanelSource keysTransposed(int from, int count) {
        return new Keys(from, count);
    }

    @Override
    public PanelSource values(int from, int count) {
        return new Values(from, count);
    }

    /** Transposed keys (D, positions), page by page. */
    void forEachKeys(int from, int count, Part part) {
        for (int done = 0; done < count; ) {
            int some = cache.together(from + done, count - done);
            int page = cache.page(from + done);
            part.accept(done, pages.keysTransposed(page, layer, head, cache.offset(from + done), some));
            done += some;
        }
    }

    /** Values (positions, D), page by page. */
    void forEachValues(int from, int count, Part part) {
        for (int done = 0; done < count; ) {
            int some = cache.together(from + done, count - done);
            int page = cache.page(from + done);
            part.accept(done, pages.values(page, layer, head, cache.offset(from + done), some));
            done += some;
        }
    }

    private final class Keys implements PanelSource {
        private final int from;
        private final int count;

        private Keys(int from, int count) {
            this.from = from;
            this.count = count;
        }

        @Override
        public int depth() {
            return pages.headDim();
        }

        @Override
        public int columns() {
            return count;
        }

        /** Of one page: panels are no wider than what pages and first keys are multiples of. */
        @Override
        public void fill(float[] panel, int column, int width) {
            int position = from + column;
            pages.keysTransposed(cache.page(position), layer, head, cache.offset(position), width)
                    .fill(panel, 0, width);
        }
    }

    private final class Values implements PanelSource {
        private final int from;
        private final int count;

        private Values(int from, int count) {
            this.from = from;
            this.count = count;
        }

        @Override
        public int depth() {
            return count;
        }

        @Override
        public int columns() {
            return pages.headDim();
        }

        @Override
        public void fill(float[] panel, int column, int width) {
            forEachValues(from, count, (done, part) -> {
                for (int k = 0; k < part.rows(); k++) {
                    int at = part.offset() + k * part.rowStride() + column;
                    System.arraycopy(part.data(), at, panel, (done + k) * PanelProduct.WIDTH, width);
                }
            });
        }
    }
}
