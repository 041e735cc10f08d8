package io.livegraft.actors.registry;

import io.livegraft.actors.evaluation.EvaluationReport;
import java.time.Instant;

/**
 * One immutable adapter of a tenant.
 *
 * @param number from 1, never reused
 * @param digest SHA-256 of adapter_model.safetensors
 * @param parentDigest adapter this one grew from; empty for the first
 * @param step optimizer steps in it
 * @param partition of the feedback topic
 * @param offset last log offset in it
 */
public record AdapterVersion(
        int number,
        String digest,
        String parentDigest,
        long step,
        int partition,
        long offset,
        EvaluationReport evaluation,
        Instant publishedAt) {}
