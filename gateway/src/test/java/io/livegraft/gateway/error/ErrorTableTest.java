package io.livegraft.gateway.error;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorTableTest {
    @ParameterizedTest
    @EnumSource
    void everyCodeIsARefusalWithItsOwnNameOnTheWire(ErrorCode code) {
        ErrorTable.Row row = ErrorTable.row(code);
        assertTrue(row.status() >= 400 && row.status() < 600, "status " + row.status());
        assertTrue(row.exitCode() >= 1 && row.exitCode() <= 5 && row.exitCode() != 2, "exit code " + row.exitCode());
        assertEquals(Optional.of(code), ErrorTable.byWireCode(row.code()));
    }

    @ParameterizedTest
    @EnumSource
    void theReadmeShowsEveryRow(ErrorCode code) throws IOException {
        ErrorTable.Row row = ErrorTable.row(code);
        String line = "| `%s` | %d | `%s` | `%s` | %d |"
                .formatted(code, row.status(), row.type(), row.code(), row.exitCode());
        assertTrue(Files.readString(Path.of("README.md")).contains(line), "gateway/README.md lacks: " + line);
    }

    @Test
    void exitCodesAreTheContractOfTheCommandLine() {
        assertEquals(3, ErrorTable.row(ErrorCode.INVALID_MODEL).exitCode());
        assertEquals(4, ErrorTable.row(ErrorCode.PORT_IN_USE).exitCode());
        assertEquals(5, ErrorTable.row(ErrorCode.UNAVAILABLE).exitCode());
    }

    @Test
    void causesThatPassSayWhenToTryAgain() {
        var passing = Arrays.stream(ErrorCode.values())
                .filter(code -> ErrorTable.row(code).retryAfterSeconds().isPresent())
                .toList();
        assertEquals(java.util.List.of(ErrorCode.OVERLOADED, ErrorCode.QUOTA_EXCEEDED, ErrorCode.UNAVAILABLE), passing);
    }

    @Test
    void anUnexpectedFailureShowsAnIdAndNotItself() {
        ErrorReply reply = ErrorHandling.replyTo(new IllegalStateException("secret detail"));
        assertEquals(500, reply.status());
        assertTrue(!reply.message().contains("secret detail"), reply.message());
    }
}
