package io.livegraft.actors.ingest;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Where records go that can't be used, each with the reason and the place that it was read from as headers. */
record DeadLetters(LogWriter writer, String topic) {
    CompletionStage<RecordMetadata> write(ConsumerRecord<byte[], byte[]> record, String reason) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("reason", reason);
        headers.put("topic", record.topic());
        headers.put("partition", Integer.toString(record.partition()));
        headers.put("offset", Long.toString(record.offset()));
        return writer.append(topic, Optional.ofNullable(record.key()), Optional.ofNullable(record.value()), headers);
    }
}
