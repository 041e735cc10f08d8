package io.livegraft.gpu.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/**
 * What the hub says of a model: {@code {"sha": …, "siblings": [{"rfilename": …}, …]}}.
 *
 * @param commit of the revision that was asked for
 * @param files names of all its files
 */
record ModelListing(String commit, Set<String> files) {
    static ModelListing parse(HubName name, byte[] json) {
        JsonNode root = read(name, json);
        String commit = root.path("sha").asText();
        if (!HubCache.isCommit(commit)) {
            throw unreadable(name);
        }
        Set<String> files = new HashSet<>();
        root.path("siblings")
                .forEach(sibling -> files.add(sibling.path("rfilename").asText()));
        return new ModelListing(commit, files);
    }

    private static JsonNode read(HubName name, byte[] json) {
        try {
            return new JsonMapper().readTree(json);
        } catch (IOException broken) {
            throw unreadable(name);
        }
    }

    private static LivegraftException unreadable(HubName name) {
        return new LivegraftException(
                ErrorCode.UNAVAILABLE,
                "the hub describes '%s' in a way that can't be read, expected JSON with a commit as sha"
                        .formatted(name.repository()));
    }
}
