package io.livegraft.actors.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/** A real PostgreSQL of its own, on the loopback interface; PostgreSQL refuses to run as root, so root runs it as nobody. */
public final class TestingPostgreSql implements AutoCloseable {
    private static final String BINARIES = "/postgres-linux-x86_64.txz";
    private static final String USER = "livegraft";
    private static final String PASSWORD = "only for tests";
    private static final int PATIENCE_SECONDS = 60;

    private final Path directory;
    private final int port;
    private final Process server;

    private TestingPostgreSql(Path directory, int port) throws IOException {
        this.directory = directory;
        this.port = port;
        this.server = run(
                "postgres",
                "-D",
                directory.resolve("data").toString(),
                "-p",
                Integer.toString(port),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=");
        Runtime.getRuntime().addShutdownHook(new Thread(server::destroyForcibly));
    }

    /** Ready for connections when it returns. */
    public static TestingPostgreSql start() {
        try {
            Path directory = Files.createTempDirectory("livegraft-postgresql-");
            unpack(directory);
            TestingPostgreSql postgres = new TestingPostgreSql(initialized(directory), freePort());
            postgres.awaitReady();
            return postgres;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String user() {
        return USER;
    }

    public String password() {
        return PASSWORD;
    }

    DatabaseSettings settings() {
        return new DatabaseSettings.PostgreSql(url(), USER, PASSWORD, 4);
    }

    public String url() {
        return "jdbc:postgresql://127.0.0.1:%d/postgres".formatted(port);
    }

    private static void unpack(Path directory) throws IOException {
        try (InputStream binaries =
                        Objects.requireNonNull(TestingPostgreSql.class.getResourceAsStream(BINARIES), BINARIES);
                TarArchiveInputStream tar = new TarArchiveInputStream(new XZCompressorInputStream(binaries))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                unpack(tar, entry, directory.resolve(entry.getName()).normalize());
            }
        }
    }

    private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path target) throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(target);
            return;
        }
        Files.createDirectories(Objects.requireNonNull(target.getParent()));
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
        } else {
            Files.copy(tar, target);
            Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    /** The same directory, with an empty database in it. */
    private static Path initialized(Path directory) throws IOException {
        Path password = Files.writeString(directory.resolve("password"), PASSWORD);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path data = Files.createDirectory(directory.resolve("data"));
        if (root()) {
            Files.setOwner(
                    data,
                    directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
        }
        Process initialization = new ProcessBuilder(command(
                        directory,
                        "initdb",
                        "-D",
                        data.toString(),
                        "-U",
                        USER,
                        "-A",
                        "scram-sha-256",
                        "--pwfile=" + password,
                        "-E",
                        "UTF8",
                        "--locale=C"))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(initialization.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (exit(initialization) != 0) {
            throw new IOException("initdb failed: " + output);
        }
        return directory;
    }

    private Process run(String program, String... arguments) throws IOException {
        return new ProcessBuilder(command(directory, program, arguments))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
    }

    private static List<String> command(Path directory, String program, String... arguments) {
        List<String> command = new ArrayList<>();
        if (root()) {
            command.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
        }
        command.add(directory.resolve("bin").resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private static boolean root() {
        return System.getProperty("user.name").equals("root");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void awaitReady() throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!answers()) {
            if (!server.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("PostgreSQL does not start: " + Files.readString(directory.resolve("log")));
            }
            pause();
        }
    }

    private boolean answers() {
        try {
            DriverManager.getConnection(url(), USER, PASSWORD).close();
            return true;
        } catch (SQLException notYet) {
            return false;
        }
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static int exit(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        server.destroyForcibly();
        exit(server);
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
