package yanshu.conformance.sdk;

/** What the SDK's exceptions say: the protocol's code, the code of the app's own hook, the reason. */
public final class Failure extends Exception {
  private final int code;
  private final int appCode;

  public Failure(int code, int appCode, String reason, Throwable cause) {
    super(code + " " + reason, cause);
    this.code = code;
    this.appCode = appCode;
  }

  public int code() {
    return code;
  }

  public int appCode() {
    return appCode;
  }
}
