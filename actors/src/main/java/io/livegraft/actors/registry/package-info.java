/**
 * Which adapter versions exist and which one serves: event-sourced per tenant, changed only by compare-and-set, told to
 * publishers as image and delta. Knows nothing of training or of devices.
 */
@NullMarked
package io.livegraft.actors.registry;

import org.jspecify.annotations.NullMarked;
