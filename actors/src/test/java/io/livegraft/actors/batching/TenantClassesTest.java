package io.livegraft.actors.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TenantClassesTest {
    @Test
    void aClassHasWhatTheSectionSaysWhereItSaysNothingElse() {
        TenantClasses classes = TenantClasses.from(
                tenants("[{ name = paying, members = [acme, ajax], weight = 4, tokens-per-minute = 100 }]"));
        assertEquals(new TenantClass("paying", 4, 32, 128, 100, Set.of("acme", "ajax")), classes.of("ajax"));
        assertEquals(new TenantClass("standard", 1, 32, 128, 0, Set.of()), classes.of("somebody"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[{ name = standard, members = [acme] }]",
                "[{ name = a, members = [acme] }, { name = b, members = [acme] }]",
                "[{ name = a, members = [acme], weight = 0 }]",
                "[{ name = a, members = [acme], running = 0 }]",
                "[{ name = a, members = [acme], tokens-per-minute = -1 }]"
            })
    void whatCannotBeIsRefused(String classes) {
        LivegraftException refusal = assertThrows(LivegraftException.class, () -> TenantClasses.from(tenants(classes)));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
    }

    private static Config tenants(String classes) {
        return ConfigFactory.parseString("classes = " + classes)
                .withFallback(ConfigFactory.load().getConfig("livegraft.tenants"));
    }
}
