package io.livegraft.actors.archive;

import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.disk.DurableDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The feedback that this node has read, by partition. */
public final class FeedbackArchive {
    private final DurableDirectory directory;
    private final ArchiveSettings settings;
    /** One for each partition ever read here: whoever reads it next goes on where the one before was. */
    private final Map<String, ArchiveWriter> writers = new ConcurrentHashMap<>();

    private FeedbackArchive(DurableDirectory directory, ArchiveSettings settings) {
        this.directory = directory;
        this.settings = settings;
    }

    /** The directory is made where it is absent, the one around it must be there. */
    public static FeedbackArchive open(Disk disk, Path directory, ArchiveSettings settings) throws IOException {
        return new FeedbackArchive(DurableDirectory.open(disk, directory), settings);
    }

    /** Every partition that was ever read here. */
    public List<ArchivePartition> partitions() throws IOException {
        List<ArchivePartition> partitions = new ArrayList<>();
        for (Disk.Entry topic : directory.list("")) {
            for (Disk.Entry partition : topic.directory() ? directory.list(topic.name()) : List.<Disk.Entry>of()) {
                partitions.add(new ArchivePartition(directory, topic.name() + "/" + partition.name()));
            }
        }
        return partitions;
    }

    public ArchivePartition partition(String topic, int partition) {
        return new ArchivePartition(directory, topic + "/" + partition);
    }

    /** The only one of its partition. */
    public ArchiveWriter writer(String topic, int partition) {
        ArchivePartition place = partition(topic, partition);
        return writers.computeIfAbsent(place.folder(), folder -> new ArchiveWriter(place, settings));
    }
}
