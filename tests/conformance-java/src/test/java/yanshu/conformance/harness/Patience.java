package yanshu.conformance.harness;

import java.time.Duration;

/** How long a test waits for what must happen before it fails. */
public final class Patience {
  public static final Duration FOR_AN_EVENT = Duration.ofSeconds(20);
  public static final Duration FOR_AN_ANSWER = Duration.ofSeconds(30);
  public static final Duration FOR_A_PROCESS = Duration.ofSeconds(30);

  private Patience() {}
}
