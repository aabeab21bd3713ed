package yanshu.conformance.java6;

import cn.leancloud.AVFile;
import cn.leancloud.im.v2.AVIMBinaryMessage;
import cn.leancloud.im.v2.AVIMMessage;
import cn.leancloud.im.v2.AVIMMessageOption;
import cn.leancloud.im.v2.AVIMTypedMessage;
import cn.leancloud.im.v2.messages.AVIMAudioMessage;
import cn.leancloud.im.v2.messages.AVIMFileMessage;
import cn.leancloud.im.v2.messages.AVIMImageMessage;
import cn.leancloud.im.v2.messages.AVIMLocationMessage;
import cn.leancloud.im.v2.messages.AVIMRecalledMessage;
import cn.leancloud.im.v2.messages.AVIMTextMessage;
import cn.leancloud.im.v2.messages.AVIMVideoMessage;
import cn.leancloud.types.AVGeoPoint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import yanshu.conformance.sdk.Draft;
import yanshu.conformance.sdk.Message;
import yanshu.conformance.sdk.Search;

/** Messages between the SDK's classes and the tests' own. */
final class Messages {
  private Messages() {}

  static AVIMMessage make(Draft draft) {
    AVIMMessage message = switch (draft.kind) {
      case RAW -> raw((String) draft.body);
      case BINARY -> binary((byte[]) draft.body);
      case TEXT -> text((String) draft.body, draft.attributes);
      case STICKER -> sticker((String) draft.body, draft.attributes);
      case LOCATION -> location((Search.Point) draft.body, draft);
      case IMAGE -> file(new AVIMImageMessage(remote(draft)), draft);
      case AUDIO -> file(new AVIMAudioMessage(remote(draft)), draft);
      case VIDEO -> file(new AVIMVideoMessage(remote(draft)), draft);
      case FILE -> file(new AVIMFileMessage(remote(draft)), draft);
    };
    if (draft.mentions != null) message.setMentionList(draft.mentions);
    message.setMentionAll(draft.mentionsAll);
    return message;
  }

  static AVIMMessageOption option(Draft draft) {
    AVIMMessageOption option = new AVIMMessageOption();
    option.setTransient(draft.isTransient);
    option.setReceipt(draft.wantsReceipt);
    option.setWill(draft.isWill);
    if (draft.priority != null) option.setPriority(AVIMMessageOption.MessagePriority.getProiority(draft.priority.ordinal() + 1));
    if (draft.push != null) option.setPushDataEx(draft.push);
    return option;
  }

  private static AVIMMessage raw(String content) {
    AVIMMessage message = new AVIMMessage();
    message.setContent(content);
    return message;
  }

  private static AVIMMessage binary(byte[] bytes) {
    AVIMBinaryMessage message = new AVIMBinaryMessage();
    message.setBytes(bytes);
    return message;
  }

  private static AVIMMessage text(String text, Map<String, Object> attributes) {
    AVIMTextMessage message = new AVIMTextMessage();
    message.setText(text);
    message.setAttrs(attributes);
    return message;
  }

  private static AVIMMessage sticker(String ecode, Map<String, Object> attributes) {
    Sticker message = new Sticker();
    message.setEcode(ecode);
    message.setAttrs(attributes);
    return message;
  }

  private static AVIMMessage location(Search.Point point, Draft draft) {
    AVIMLocationMessage message = new AVIMLocationMessage();
    message.setLocation(new AVGeoPoint(point.latitude(), point.longitude()));
    message.setText(draft.caption);
    message.setAttrs(draft.attributes);
    return message;
  }

  private static AVIMMessage file(AVIMFileMessage message, Draft draft) {
    message.setText(draft.caption);
    message.setAttrs(draft.attributes);
    return message;
  }

  /** A file that is stored elsewhere; its id says that there is nothing to upload. */
  private static AVFile remote(Draft draft) {
    AVFile file = new AVFile("file", (String) draft.body, new HashMap<>(draft.meta));
    file.setObjectId("5a0000000000000000000001");
    return file;
  }

  /** For the reader {@code me}; none for who has sent the message itself. */
  static Message plain(AVIMMessage message, String me) {
    if (message == null) return null;
    AVIMTypedMessage typed = message instanceof AVIMTypedMessage one ? one : null;
    AVIMBinaryMessage binary = message instanceof AVIMBinaryMessage one ? one : null;
    List<String> mentions = message.getMentionList();
    return new Message(
        message.getMessageId(),
        message.getConversationId(),
        message.getFrom(),
        message.getTimestamp(),
        typed == null ? 0 : typed.getMessageType(),
        textOf(message),
        attributesOf(message),
        binary == null ? message.getContent() : null,
        binary == null ? null : binary.getBytes(),
        message instanceof AVIMRecalledMessage,
        mentions != null && me != null && mentions.contains(me) || message.isMentionAll(),
        message.isMentionAll(),
        mentions == null ? List.of() : List.copyOf(mentions),
        message instanceof AVIMFileMessage file ? file.getFile() : null,
        fieldsOf(message),
        message.getUpdateAt(),
        message.getDeliveredAt(),
        message);
  }

  private static String textOf(AVIMMessage message) {
    if (message instanceof AVIMTextMessage text) return text.getText();
    if (message instanceof AVIMFileMessage file) return file.getText();
    if (message instanceof AVIMLocationMessage location) return location.getText();
    return message instanceof AVIMTypedMessage ? null : message.getContent();
  }

  private static Map<String, Object> attributesOf(AVIMMessage message) {
    if (message instanceof AVIMTextMessage text) return text.getAttrs();
    if (message instanceof AVIMFileMessage file) return file.getAttrs();
    if (message instanceof AVIMLocationMessage location) return location.getAttrs();
    return message instanceof Sticker sticker ? sticker.getAttrs() : null;
  }

  /** What a type has beyond text, attributes and file. */
  private static Map<String, Object> fieldsOf(AVIMMessage message) {
    Map<String, Object> fields = new HashMap<>();
    if (message instanceof AVIMLocationMessage location) {
      fields.put("latitude", location.getLocation().getLatitude());
      fields.put("longitude", location.getLocation().getLongitude());
    } else if (message instanceof Sticker sticker) {
      fields.put("ecode", sticker.getEcode());
    } else if (message instanceof AVIMImageMessage image) {
      fields.put("width", image.getWidth());
      fields.put("height", image.getHeight());
    } else if (message instanceof AVIMVideoMessage video) {
      fields.put("duration", video.getDuration());
    } else if (message instanceof AVIMAudioMessage audio) {
      fields.put("duration", audio.getDuration());
    }
    return fields;
  }
}
