package yanshu.conformance.java6;

import cn.leancloud.AVException;
import cn.leancloud.callback.AVCallback;
import cn.leancloud.im.v2.AVIMException;
import cn.leancloud.im.v2.callback.AVIMConversationCallback;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import yanshu.conformance.harness.Patience;
import yanshu.conformance.sdk.Failure;

/** One answer of the SDK, which comes by a callback, waited for. */
final class Answer<T> {
  private final CompletableFuture<T> future = new CompletableFuture<>();

  void done(T value, Throwable error) {
    if (error == null) future.complete(value);
    else future.completeExceptionally(error);
  }

  T get() throws Failure {
    try {
      return future.get(Patience.FOR_AN_ANSWER.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException refused) {
      throw failure(refused.getCause());
    } catch (TimeoutException | InterruptedException silence) {
      throw new AssertionError("the SDK gave no answer", silence);
    }
  }

  private static Failure failure(Throwable cause) {
    int appCode = cause instanceof AVIMException error ? error.getAppCode() : 0;
    int code = cause instanceof AVException error ? error.getCode() : -1;
    return new Failure(code, appCode, cause.getMessage(), cause);
  }

  /** For operations that answer with success alone. */
  AVIMConversationCallback ofConversation() {
    return new AVIMConversationCallback() {
      @Override
      public void done(AVIMException error) {
        Answer.this.done(null, error);
      }
    };
  }

  /** For operations whose own callback type does not take what this version hands to it. */
  AVCallback<T> untyped() {
    return new AVCallback<>() {
      @Override
      protected void internalDone0(T value, AVException error) {
        done(value, error);
      }
    };
  }
}
