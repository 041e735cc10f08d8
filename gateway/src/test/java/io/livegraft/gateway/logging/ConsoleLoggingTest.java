package io.livegraft.gateway.logging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.ConsoleAppender;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class ConsoleLoggingTest {
    private final LoggerContext logging = new LoggerContext();

    private Level level(String logger) {
        return logging.getLogger(logger).getEffectiveLevel();
    }

    @Test
    void linesGoToStandardError() {
        new ConsoleLogging(Map.of()).configure(logging);
        var root = logging.getLogger(Logger.ROOT_LOGGER_NAME);
        assertEquals(
                "System.err",
                assertInstanceOf(ConsoleAppender.class, root.getAppender("STDERR"))
                        .getTarget());
    }

    @Test
    void othersThanThisProductOnlyWarn() {
        new ConsoleLogging(Map.of()).configure(logging);
        assertEquals(Level.INFO, level("io.livegraft.gpu.engine.Engine"));
        assertEquals(Level.WARN, level("org.apache.pekko.actor.ActorSystem"));
        assertEquals(Level.ERROR, level("ai.djl.util.cuda.CudaUtils"));
    }

    @Test
    void theEnvironmentSetsTheLevelOfThisProduct() {
        new ConsoleLogging(Map.of("LIVEGRAFT_LOG_LEVEL", "DEBUG")).configure(logging);
        assertEquals(Level.DEBUG, level("io.livegraft.gpu.engine.Engine"));
        assertEquals(Level.WARN, level("org.apache.kafka.clients"));
    }

    @Test
    void logbackFindsIt() {
        assertEquals(
                1,
                ServiceLoader.load(Configurator.class).stream()
                        .filter(found -> found.type() == ConsoleLogging.class)
                        .count());
    }
}
