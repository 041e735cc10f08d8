package io.livegraft.simulation.corpus;

import java.util.List;
import java.util.Map;

/** A business with a support desk: its words (slot name to values) and what its customers ask for. */
record Domain(String name, Map<String, List<String>> slots, List<Intent> intents) {}
