package io.livegraft.gpu.tokenizer;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What an assistant asked a tool to do.
 *
 * @param id names the call to the message of role tool that answers it
 */
public record ToolCall(String id, String name, ObjectNode arguments) {}
