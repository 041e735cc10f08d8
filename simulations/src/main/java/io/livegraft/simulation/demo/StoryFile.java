package io.livegraft.simulation.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A demo's directory: {@code story.json} says which story is told there and whether it has ended, {@code node} is the node's.
 * A story that was cut off is resumed; one that has ended, or none, starts afresh. Nothing else is ever deleted.
 */
final class StoryFile implements AutoCloseable {
    private static final String STORY = "story.json";
    private static final String LOCK = "story.lock";
    private static final String NODE = "node";
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    /** Where the story is. */
    enum Stage {
        RUNNING,
        DONE
    }

    /**
     * The file's contents.
     *
     * @param published newest version seen of each tenant
     */
    record Story(Stage stage, StorySettings settings, Map<String, Integer> published) {
        Story {
            published = Map.copyOf(published);
        }
    }

    private final Path directory;
    private final FileChannel lock;
    private final boolean resumed;
    private Story story;

    private StoryFile(Path directory, FileChannel lock, Story story, boolean resumed) {
        this.directory = directory;
        this.lock = lock;
        this.story = story;
        this.resumed = resumed;
    }

    /** Refuses a directory that is not a demo's own, is in use, or holds another story that has not ended. */
    static StoryFile open(Path directory, StorySettings settings) {
        try {
            Files.createDirectories(directory);
            FileChannel lock = lock(directory);
            try {
                return open(directory, lock, settings);
            } catch (IOException | RuntimeException refused) {
                lock.close();
                throw refused;
            }
        } catch (IOException broken) {
            throw refused("state directory %s can't be used: %s".formatted(directory, broken), broken);
        }
    }

    private static StoryFile open(Path directory, FileChannel lock, StorySettings settings) throws IOException {
        Path file = directory.resolve(STORY);
        boolean exists = Files.exists(file);
        if (exists) {
            Story found = read(file);
            if (found.stage() == Stage.RUNNING) {
                requireSame(directory, found.settings(), settings);
                return new StoryFile(directory, lock, found, true);
            }
        }
        requireOwn(directory, exists);
        delete(directory.resolve(NODE));
        StoryFile story = new StoryFile(directory, lock, new Story(Stage.RUNNING, settings, Map.of()), false);
        story.write();
        return story;
    }

    /** Whether an earlier process began this story. */
    boolean resumed() {
        return resumed;
    }

    /** State directory of the node. */
    Path node() {
        return directory.resolve(NODE);
    }

    synchronized Map<String, Integer> published() {
        return story.published();
    }

    /** Notes that a version was seen; the next process expects it to serve again. */
    synchronized void published(String tenant, int version) {
        if (story.published().getOrDefault(tenant, 0) < version) {
            Map<String, Integer> published = new TreeMap<>(story.published());
            published.put(tenant, version);
            story = new Story(story.stage(), story.settings(), published);
            write();
        }
    }

    synchronized void done() {
        story = new Story(Stage.DONE, story.settings(), story.published());
        write();
    }

    /** Forgets a story of which nothing was told yet. */
    synchronized void abandon() {
        try {
            delete(node());
            Files.deleteIfExists(directory.resolve(STORY));
        } catch (IOException broken) {
            throw refused("state directory %s can't be cleared: %s".formatted(directory, broken), broken);
        }
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException broken) {
            throw refused("the lock of %s can't be released".formatted(directory), broken);
        }
    }

    private static FileChannel lock(Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException ours) {
            // This very process has it.
        }
        channel.close();
        throw new LivegraftException(
                ErrorCode.CONFLICT, "another demo runs in %s; stop it or name another --state".formatted(directory));
    }

    private static Story read(Path file) {
        try {
            return JSON.readValue(file.toFile(), Story.class);
        } catch (IOException broken) {
            throw refused("%s can't be read; delete its directory to start over".formatted(file), broken);
        }
    }

    private static void requireSame(Path directory, StorySettings found, StorySettings asked) {
        if (!found.equals(asked)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "%s holds an unfinished story (%s), but this one is another (%s); finish it with its own options or delete the directory"
                            .formatted(directory, found.describe(), asked.describe()));
        }
    }

    private static void requireOwn(Path directory, boolean hasStory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            List<String> foreign = entries.map(entry -> String.valueOf(entry.getFileName()))
                    .filter(name -> !name.equals(LOCK))
                    .toList();
            if (!hasStory && !foreign.isEmpty()) {
                throw new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "%s is not empty and holds no %s, so it is no demo's; name another --state"
                                .formatted(directory, STORY));
            }
        }
    }

    private static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (Stream<Path> entries = Files.walk(tree)) {
            for (Path entry : entries.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(entry);
            }
        }
    }

    /** Atomic, so that a killed process leaves the old story or the new one. */
    private void write() {
        Path file = directory.resolve(STORY);
        Path next = directory.resolve(STORY + ".tmp");
        try {
            JSON.writerWithDefaultPrettyPrinter().writeValue(next.toFile(), story);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException broken) {
            throw refused("%s can't be written: %s".formatted(file, broken), broken);
        }
    }

    private static LivegraftException refused(String message, Exception cause) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, message, cause);
    }
}
