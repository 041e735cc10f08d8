package io.livegraft.actors.registry;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.io.IOException;

/** A manifest within a message: its own protobuf encoding, as bytes. */
final class ManifestJson {
    private ManifestJson() {}

    static final class Writer extends StdSerializer<PublishManifest> {
        private static final long serialVersionUID = 1;

        Writer() {
            super(PublishManifest.class);
        }

        @Override
        public void serialize(PublishManifest manifest, JsonGenerator json, SerializerProvider provider)
                throws IOException {
            json.writeBinary(manifest.toByteArray());
        }
    }

    static final class Reader extends StdDeserializer<PublishManifest> {
        private static final long serialVersionUID = 1;

        Reader() {
            super(PublishManifest.class);
        }

        @Override
        public PublishManifest deserialize(JsonParser json, DeserializationContext context) throws IOException {
            return PublishManifest.parseFrom(json.getBinaryValue());
        }
    }
}
