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
import java.util.stream.IntStream;
import org.apache.pekko.coordination.lease.LeaseSettings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The lease over a real PostgreSQL. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DatabaseLeaseTest {
    private static final String LONG = "1 h";
    private static final String OVER_SOON = "3 ms";

    private final TestingPostgreSql server = TestingPostgreSql.start();

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @Test
    void ofManyAtOnceOneGetsItAndGetsItAgain() {
        List<DatabaseLease> nodes = IntStream.range(0, 8)
                .mapToObj(node -> lease("split", "node-" + node, LONG))
                .toList();
        List<CompletableFuture<Boolean>> answers =
                nodes.stream().map(node -> node.acquire().toCompletableFuture()).toList();
        assertEquals(1, answers.stream().filter(CompletableFuture::join).count());
        DatabaseLease holder =
                nodes.stream().filter(DatabaseLease::checkLease).findFirst().orElseThrow();
        assertTrue(got(holder));
        assertEquals(1, nodes.stream().filter(DatabaseLeaseTest::got).count());
    }

    @Test
    void whatIsGivenBackGoesToTheNext() {
        DatabaseLease first = lease("returned", "first", LONG);
        DatabaseLease second = lease("returned", "second", LONG);
        assertTrue(got(first));
        assertFalse(got(second));
        assertTrue(second.release().toCompletableFuture().join(), "of another: nothing happens");
        assertFalse(got(second));
        assertTrue(first.release().toCompletableFuture().join());
        assertFalse(first.checkLease());
        assertTrue(got(second));
    }

    @Test
    void aHolderThatDiedKeepsItNoLongerThanItLasts() {
        assertTrue(got(lease("ended", "dead", OVER_SOON)));
        DatabaseLease next = lease("ended", "next", LONG);
        while (!got(next)) {
            Thread.onSpinWait();
        }
        assertFalse(got(lease("ended", "dead", LONG)));
    }

    private static boolean got(DatabaseLease lease) {
        return lease.acquire().toCompletableFuture().join();
    }

    private DatabaseLease lease(String name, String owner, String lasting) {
        Config settings = ConfigFactory.parseMap(Map.of("heartbeat-timeout", lasting, "heartbeat-interval", "1 ms"))
                .withFallback(ConfigFactory.load().getConfig("pekko.coordination.lease"));
        Config database = ConfigFactory.parseMap(
                Map.of("url", server.url(), "user", server.user(), "password", server.password()));
        return new DatabaseLease(LeaseSettings.apply(settings, name, owner), database, Runnable::run);
    }
}
