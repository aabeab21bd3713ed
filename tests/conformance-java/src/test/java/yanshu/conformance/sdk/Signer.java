package yanshu.conformance.sdk;

import java.util.List;

/** The app's own server that signs what its clients do. */
public interface Signer {
  record Signature(String text, long timestamp, String nonce) {}

  Signature open(String client, List<String> members);

  Signature change(String conversation, String client, List<String> members, String action);

  Signature block(String client, String conversation, List<String> members, String action);
}
