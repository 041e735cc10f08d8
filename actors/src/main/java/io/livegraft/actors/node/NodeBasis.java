package io.livegraft.actors.node;

import io.livegraft.actors.evaluation.GeneralSet;
import io.livegraft.actors.evaluation.GeneralSettings;
import io.livegraft.actors.ingest.FeedbackDecoder;
import io.livegraft.actors.ingest.FeedbackExamples;
import io.livegraft.actors.ingest.GeneralSetFile;
import io.livegraft.actors.ingest.LogEntries;
import io.livegraft.actors.trainer.TrainingBasis;
import io.livegraft.gpu.engine.Engine;

/**
 * What the settings of a node come to on its base; nodes with the same settings and base have the same.
 *
 * @param entries how records become entries of tenants' logs
 * @param general what no version may forget
 */
record NodeBasis(TrainingBasis training, LogEntries entries, GeneralSet general) {
    static NodeBasis of(NodeSettings settings, Engine engine) {
        FeedbackExamples examples =
                new FeedbackExamples(FeedbackExamples.Encoding.of(engine.tokenizer()), engine.maxSequenceTokens());
        GeneralSettings wanted = settings.evaluation().general();
        GeneralSet general = wanted.file(settings.engine().base())
                .map(new GeneralSetFile(examples, wanted.mostExamples())::read)
                .orElse(GeneralSet.NONE);
        TrainingBasis training = TrainingBasis.of(
                settings.trainer().forBase(engine.config()),
                settings.ingest().bounds(engine.maxSequenceTokens()),
                general.digest(),
                engine.config(),
                settings.kafka().feedbackTopic(),
                engine.baseDigest(),
                engine.profile());
        return new NodeBasis(training, new LogEntries(FeedbackDecoder.of(settings.ingest()), examples), general);
    }
}
