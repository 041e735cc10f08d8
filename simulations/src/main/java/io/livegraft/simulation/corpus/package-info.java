/**
 * The support-desk corpus: English conversations from a grammar, a byte-level BPE tokenizer trained on them, and the files a tiny
 * Hugging Face base starts from. A pure function of (grammar resources, seed, number of conversations).
 *
 * <p>A grammar file has {@code slot = value | value} lines, then intents: {@code == name | topic}, {@code ?} question, {@code 1} answer,
 * {@code 2} detail, {@code -} step, {@code !} note in few words, {@code + offer => what was done}, {@code >} and {@code <} a follow-up
 * question and its answer. {@code {slot}} is one value for the whole conversation; {@code {slot2}} is another value of the same list.
 */
@NullMarked
package io.livegraft.simulation.corpus;

import org.jspecify.annotations.NullMarked;
