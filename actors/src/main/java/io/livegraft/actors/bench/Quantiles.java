package io.livegraft.actors.bench;

import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.NativeHistogramBuckets;

/** Quantiles of a native histogram, whose buckets grow by the factor 2^(2^-schema): 2 % with the schema that metrics begin with. */
record Quantiles(HistogramDataPointSnapshot values) {
    /** The upper bound of the bucket that this share of all values reaches into; NaN without values. */
    double at(double share) {
        NativeHistogramBuckets buckets = values.getNativeBucketsForPositiveValues();
        long below = values.getNativeZeroCount();
        for (int i = 0; i < buckets.size(); i++) {
            below += buckets.getCount(i);
            if (below >= share * values.getCount()) {
                return Math.pow(2, buckets.getBucketIndex(i) * Math.pow(2, -values.getNativeSchema()));
            }
        }
        return below > 0 ? 0 : Double.NaN;
    }
}
