package io.livegraft.actors.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.registry.TestingPostgreSql;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import org.apache.pekko.coordination.lease.LeaseSettings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The lease over a real PostgreSQL. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DatabaseLeaseTest {
    private static final int HOLDER_LASTS_MILLIS = 2000;

    private final TestingPostgreSql server = TestingPostgreSql.start();
    private volatile boolean silent;

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @Test
    void ofManyAtOnceOneGetsItAndKeepsItWhileTheOthersWait() {
        List<DatabaseLease> nodes = IntStream.range(0, 4)
                .mapToObj(node -> lease("split", "node-" + node, 500))
                .toList();
        List<CompletableFuture<Boolean>> answers =
                nodes.stream().map(node -> node.acquire().toCompletableFuture()).toList();
        assertEquals(1, answers.stream().filter(CompletableFuture::join).count());
        DatabaseLease holder =
                nodes.stream().filter(DatabaseLease::checkLease).findFirst().orElseThrow();
        assertTrue(got(holder), "again");
        assertEquals(1, nodes.stream().filter(DatabaseLeaseTest::got).count());
    }

    @Test
    void whatIsGivenBackGoesToTheNext() {
        DatabaseLease first = lease("returned", "first", HOLDER_LASTS_MILLIS);
        DatabaseLease second = lease("returned", "second", 100);
        assertTrue(got(first));
        second.release().toCompletableFuture().join();
        assertFalse(got(second), "it was not the second's to give back");
        first.release().toCompletableFuture().join();
        assertFalse(first.checkLease());
        assertTrue(got(second));
    }

    @Test
    void aHolderThatRenewsNoMoreLosesItToWhoeverWaits() {
        DatabaseLease dead = lease("ended", "dead", HOLDER_LASTS_MILLIS, command -> {
            if (!silent) {
                command.run();
            }
        });
        assertTrue(got(dead));
        silent = true;
        DatabaseLease next = lease("ended", "next", HOLDER_LASTS_MILLIS);
        assertTrue(got(next));
        assertFalse(got(lease("ended", "late", 100)));
    }

    private static boolean got(DatabaseLease lease) {
        return lease.acquire().toCompletableFuture().join();
    }

    private DatabaseLease lease(String name, String owner, int lastingMillis) {
        return lease(name, owner, lastingMillis, Runnable::run);
    }

    private DatabaseLease lease(String name, String owner, int lastingMillis, Executor executor) {
        Config settings = ConfigFactory.parseMap(Map.of(
                        "heartbeat-timeout", lastingMillis + " ms", "heartbeat-interval", lastingMillis / 5 + " ms"))
                .withFallback(ConfigFactory.load().getConfig("pekko.coordination.lease"));
        Config database = ConfigFactory.parseMap(
                Map.of("url", server.url(), "user", server.user(), "password", server.password()));
        return new DatabaseLease(LeaseSettings.apply(settings, name, owner), database, executor);
    }
}
