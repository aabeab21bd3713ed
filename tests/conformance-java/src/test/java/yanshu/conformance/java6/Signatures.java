package yanshu.conformance.java6;

import cn.leancloud.im.Signature;
import cn.leancloud.im.SignatureFactory;
import java.util.List;
import yanshu.conformance.sdk.Signer;

/** Gives the SDK the signatures of a test. */
final class Signatures implements SignatureFactory {
  private final Signer signer;

  Signatures(Signer signer) {
    this.signer = signer;
  }

  @Override
  public Signature createSignature(String client, List<String> members) {
    return signature(signer.open(client, members));
  }

  @Override
  public Signature createConversationSignature(String conversation, String client, List<String> members, String action) {
    return signature(signer.change(conversation, client, members, action));
  }

  @Override
  public Signature createBlacklistSignature(String client, String conversation, List<String> members, String action) {
    return signature(signer.block(client, conversation, members, action));
  }

  private static Signature signature(Signer.Signature made) {
    if (made == null) return null;
    Signature signature = new Signature();
    signature.setSignature(made.text());
    signature.setTimestamp(made.timestamp());
    signature.setNonce(made.nonce());
    return signature;
  }
}
