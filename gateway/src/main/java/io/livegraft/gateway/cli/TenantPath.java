package io.livegraft.gateway.cli;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** A tenant's name as one segment of a URL's path. */
final class TenantPath {
    private TenantPath() {}

    static String encode(String tenant) {
        return URLEncoder.encode(tenant, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
