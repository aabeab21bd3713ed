package yanshu.conformance.sdk;

import java.util.List;

/** What became of an operation on several members. */
public record Outcome(List<String> done, List<Refusal> refused) {
  public record Refusal(int code, String reason, List<String> members) {}
}
