package io.livegraft.gateway.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.Map;
import org.slf4j.Logger;

/**
 * Lines on standard error, since standard output belongs to the commands' own results; {@code LIVEGRAFT_LOG_LEVEL} is that of
 * this product. Written here and not in a file: reading one takes a fifth of a second of every start. A file that the user names
 * in {@code logback.configurationFile} is read instead.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class ConsoleLogging extends ContextAwareBase implements Configurator {
    private static final String FILE = "logback.configurationFile";
    private static final String PATTERN = "%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n";

    private final Map<String, String> environment;

    /** By the process's own environment. */
    public ConsoleLogging() {
        this(System.getenv());
    }

    ConsoleLogging(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public ExecutionStatus configure(LoggerContext logging) {
        if (System.getProperty(FILE) != null) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        logging.getLogger("io.livegraft").setLevel(Level.toLevel(environment.get("LIVEGRAFT_LOG_LEVEL"), Level.INFO));
        // The tokenizer library looks for a GPU that it is told not to use.
        logging.getLogger("ai.djl").setLevel(Level.ERROR);
        var root = logging.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.addAppender(standardError(logging));
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    private static ConsoleAppender<ILoggingEvent> standardError(LoggerContext logging) {
        var lines = new PatternLayoutEncoder();
        lines.setContext(logging);
        lines.setPattern(PATTERN);
        lines.start();
        var appender = new ConsoleAppender<ILoggingEvent>();
        appender.setContext(logging);
        appender.setName("STDERR");
        appender.setTarget("System.err");
        appender.setEncoder(lines);
        appender.start();
        return appender;
    }
}
