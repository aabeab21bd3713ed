package yanshu.conformance.java6;

import cn.leancloud.im.v2.AVIMTypedMessage;
import cn.leancloud.im.v2.annotation.AVIMMessageField;
import cn.leancloud.im.v2.annotation.AVIMMessageType;
import java.util.Map;

/** A message type of the app, as its guide shows how to declare one. */
@AVIMMessageType(type = 123)
public class Sticker extends AVIMTypedMessage {
  @AVIMMessageField(name = "ecode")
  String ecode;

  @AVIMMessageField(name = "_lcattrs")
  Map<String, Object> attrs;

  public String getEcode() {
    return ecode;
  }

  public void setEcode(String ecode) {
    this.ecode = ecode;
  }

  public Map<String, Object> getAttrs() {
    return attrs;
  }

  public void setAttrs(Map<String, Object> attrs) {
    this.attrs = attrs;
  }
}
