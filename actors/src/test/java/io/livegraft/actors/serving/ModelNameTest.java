package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ModelNameTest {
    @Test
    void aNameAloneMeansWhatServes() {
        assertEquals(new ModelName.Serving("support"), ModelName.parse("support"));
    }

    @Test
    void aNumberMeansAVersion() {
        assertEquals(new ModelName.Version("support", 7), ModelName.parse("support:7"));
        assertEquals(new ModelName.Version("support", 0), ModelName.parse("support:0"));
    }

    @Test
    void anAtMeansAnAlias() {
        assertEquals(new ModelName.Alias("support", "candidate"), ModelName.parse("support@candidate"));
    }

    @Test
    void whatIsNoNumberIsPartOfTheName() {
        assertEquals(new ModelName.Serving("support:seven"), ModelName.parse("support:seven"));
        assertEquals(new ModelName.Serving("support:-1"), ModelName.parse("support:-1"));
        assertEquals(new ModelName.Serving("support:99999999999"), ModelName.parse("support:99999999999"));
        assertEquals(new ModelName.Serving(":7"), ModelName.parse(":7"));
        assertEquals(new ModelName.Serving(""), ModelName.parse(""));
    }
}
