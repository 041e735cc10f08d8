package io.livegraft.gpu.weightcache;

import io.livegraft.gpu.backend.WeightImage;
import io.livegraft.gpu.backend.WeightImages;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tensor.BasePrecision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SequencedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder with a file for each base, precision and layout that was started.
 *
 * <p>What is trusted: that a base's files are those of the last start when their names, sizes and times of change are
 * ({@link ModelDirectory#stamp()}); and whoever may write into the folder, as whoever may write the base. What is not: the file's
 * contents. Every byte is checked at every start, and one that is cut off, damaged or another's is passed over with a warning and
 * written anew; a start that can't write goes on without.
 */
public final class WeightCache {
    private static final Logger LOG = LoggerFactory.getLogger(WeightCache.class);

    private final WeightFolder folder;
    private final ModelDirectory base;
    private final String stamp;
    /** What a file is for, and its name. */
    private final String key;

    private WeightCache(WeightFolder folder, ModelDirectory base, BasePrecision precision, String layout) {
        this.folder = folder;
        this.base = base;
        this.stamp = base.stamp();
        this.key = "%s-%s-%s-v%d".formatted(stamp, precision, layout, WeightFile.VERSION);
    }

    /** The weights of a base for a backend. */
    public static BaseWeights weights(
            WeightCacheSettings settings, ModelDirectory base, BasePrecision precision, WeightImages backend) {
        if (settings.directory().isEmpty() || backend.layout().isEmpty()) {
            LOG.info(
                    "no quantized cache: {}",
                    settings.directory().isEmpty() ? "it is off" : "the backend keeps weights as they are stored");
            return new NewWeights(base, backend, Optional.empty());
        }
        WeightFolder folder = new WeightFolder(settings.directory().get(), settings.maxBytes());
        WeightCache cache =
                new WeightCache(folder, base, precision, backend.layout().get());
        return cache.kept(settings.hugePages())
                .<BaseWeights>map(file -> new KeptWeights(file, backend))
                .orElseGet(() -> new NewWeights(base, backend, Optional.of(cache::keep)));
    }

    private Optional<WeightFile> kept(boolean hugePages) {
        Path file = folder.file(key);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            WeightFile opened = WeightFile.open(file, hugePages);
            if (!opened.header().key().equals(key)) {
                throw new IOException("it belongs to another base");
            }
            folder.used(file);
            LOG.info("weights come from {}", file);
            return Optional.of(opened);
        } catch (IOException e) {
            LOG.warn("quantized cache {} can't be used and is written anew: {}", file, e.getMessage());
            return Optional.empty();
        }
    }

    private void keep(String baseDigest, SequencedMap<String, WeightImage> images) {
        WeightFileHeader header = WeightFileHeader.of(key, baseDigest, images);
        Path file = folder.file(key);
        try {
            if (!base.stamp().equals(stamp)) {
                throw new IOException("the base was changed meanwhile");
            }
            if (!folder.makeRoom(file, header.dataBytes())) {
                throw new IOException("its %d bytes are more than all files may have".formatted(header.dataBytes()));
            }
            WeightFileWriter.write(file, header, images);
            LOG.info("weights were kept in {}, {} MiB", file, header.dataBytes() >> 20);
        } catch (IOException | UncheckedIOException e) {
            LOG.warn("quantized cache {} was not written: {}", file, e.getMessage());
        }
    }
}
