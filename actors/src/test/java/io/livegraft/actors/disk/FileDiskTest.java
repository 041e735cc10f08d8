package io.livegraft.actors.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDiskTest {
    @TempDir
    private Path directory;

    private final FileDisk disk = new FileDisk();

    @Test
    void aDirectoryListsItsFilesAndDirectories() throws IOException {
        Files.createDirectory(directory.resolve("b"));
        Files.createFile(directory.resolve("a"));
        assertEquals(List.of(new Disk.Entry("a", false), new Disk.Entry("b", true)), disk.list(directory));
        assertEquals(List.of(), disk.list(directory.resolve("absent")));
    }

    @Test
    void aDirectoryThatCantBeReadIsAnErrorAndNotEmpty() throws IOException {
        Path loop = directory.resolve("loop");
        Files.createSymbolicLink(loop, loop);
        assertThrows(IOException.class, () -> disk.list(loop));
    }
}
