package yanshu.conformance.java6;

import cn.leancloud.im.v2.AVIMClient;
import cn.leancloud.im.v2.AVIMClientEventHandler;
import cn.leancloud.im.v2.AVIMConversation;
import cn.leancloud.im.v2.AVIMConversationEventHandler;
import cn.leancloud.im.v2.AVIMMessage;
import cn.leancloud.im.v2.AVIMMessageHandler;
import cn.leancloud.im.v2.conversation.AVIMConversationMemberInfo;
import com.alibaba.fastjson.JSONObject;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import yanshu.conformance.harness.Inbox;
import yanshu.conformance.sdk.Event;
import yanshu.conformance.sdk.Event.Kind;

/** Everything the SDK calls back, put into the inbox of the client it concerns. */
final class Events {
  private final Map<String, Inbox> inboxes = new ConcurrentHashMap<>();
  private volatile boolean anyoneEnded;

  /** Whether any client was ended by the server. The SDK does not report such an end twice in a row, whosever it is. */
  boolean hasAnyoneEnded() {
    return anyoneEnded;
  }

  Inbox inbox(String client) {
    return inboxes.computeIfAbsent(client, Inbox::new);
  }

  private void put(AVIMClient client, Event event) {
    inbox(client.getClientId()).put(event);
  }

  private void put(AVIMClient client, Kind kind, AVIMConversation conversation, String by, List<String> members) {
    put(client, Event.in(kind, conversation.getConversationId(), by, members));
  }

  private void put(AVIMClient client, Kind kind, AVIMMessage message) {
    put(client, Event.with(kind, Messages.plain(message, client.getClientId())));
  }

  final AVIMClientEventHandler ofClients = new AVIMClientEventHandler() {
    @Override
    public void onConnectionPaused(AVIMClient client) {
      put(client, Event.of(Kind.PAUSED, 0));
    }

    @Override
    public void onConnectionResume(AVIMClient client) {
      put(client, Event.of(Kind.RESUMED, 0));
    }

    @Override
    public void onClientOffline(AVIMClient client, int code) {
      anyoneEnded = true;
      put(client, Event.of(Kind.OFFLINE, code));
    }
  };

  final AVIMMessageHandler ofMessages = new AVIMMessageHandler() {
    @Override
    public void onMessage(AVIMMessage message, AVIMConversation conversation, AVIMClient client) {
      put(client, Kind.MESSAGE, message);
    }

    @Override
    public void onMessageReceipt(AVIMMessage message, AVIMConversation conversation, AVIMClient client) {
      put(client, Kind.RECEIPT, message);
    }
  };

  final AVIMConversationEventHandler ofConversations = new AVIMConversationEventHandler() {
    @Override
    public void onMemberLeft(AVIMClient client, AVIMConversation conversation, List<String> members, String by) {
      put(client, Kind.LEFT, conversation, by, members);
    }

    @Override
    public void onMemberJoined(AVIMClient client, AVIMConversation conversation, List<String> members, String by) {
      put(client, Kind.JOINED, conversation, by, members);
    }

    @Override
    public void onKicked(AVIMClient client, AVIMConversation conversation, String by) {
      put(client, Kind.KICKED, conversation, by, null);
    }

    @Override
    public void onInvited(AVIMClient client, AVIMConversation conversation, String by) {
      put(client, Kind.INVITED, conversation, by, null);
    }

    @Override
    public void onMuted(AVIMClient client, AVIMConversation conversation, String by) {
      put(client, Kind.SILENCED, conversation, by, null);
    }

    @Override
    public void onUnmuted(AVIMClient client, AVIMConversation conversation, String by) {
      put(client, Kind.UNSILENCED, conversation, by, null);
    }

    @Override
    public void onMemberMuted(AVIMClient client, AVIMConversation conversation, List<String> members, String by) {
      put(client, Kind.MEMBERS_SILENCED, conversation, by, members);
    }

    @Override
    public void onMemberUnmuted(AVIMClient client, AVIMConversation conversation, List<String> members, String by) {
      put(client, Kind.MEMBERS_UNSILENCED, conversation, by, members);
    }

    @Override
    public void onBlocked(AVIMClient client, AVIMConversation conversation, String by) {
      put(client, Kind.BLOCKED, conversation, by, null);
    }

    @Override
    public void onUnblocked(AVIMClient client, AVIMConversation conversation, String by) {
      put(client, Kind.UNBLOCKED, conversation, by, null);
    }

    @Override
    public void onMemberBlocked(AVIMClient client, AVIMConversation conversation, List<String> members, String by) {
      put(client, Kind.MEMBERS_BLOCKED, conversation, by, members);
    }

    @Override
    public void onMemberUnblocked(AVIMClient client, AVIMConversation conversation, List<String> members, String by) {
      put(client, Kind.MEMBERS_UNBLOCKED, conversation, by, members);
    }

    @Override
    public void onUnreadMessagesCountUpdated(AVIMClient client, AVIMConversation conversation) {
      put(client, Event.counting(
          Kind.UNREAD, conversation.getConversationId(), conversation.getUnreadMessagesCount(), conversation.unreadMessagesMentioned(),
          Messages.plain(conversation.getLastMessage(), client.getClientId())));
    }

    @Override
    public void onLastDeliveredAtUpdated(AVIMClient client, AVIMConversation conversation) {
      put(client, Event.counting(Kind.DELIVERED, conversation.getConversationId(), conversation.getLastDeliveredAt(), false, null));
    }

    @Override
    public void onLastReadAtUpdated(AVIMClient client, AVIMConversation conversation) {
      put(client, Event.counting(Kind.READ, conversation.getConversationId(), conversation.getLastReadAt(), false, null));
    }

    @Override
    public void onMessageUpdated(AVIMClient client, AVIMConversation conversation, AVIMMessage message) {
      put(client, Kind.UPDATED, message);
    }

    @Override
    public void onMessageRecalled(AVIMClient client, AVIMConversation conversation, AVIMMessage message) {
      put(client, Kind.RECALLED, message);
    }

    @Override
    public void onMemberInfoUpdated(
        AVIMClient client, AVIMConversation conversation, AVIMConversationMemberInfo member, List<String> properties, String by) {
      Event event = new Event(
          Kind.ROLE, conversation.getConversationId(), by, List.of(member.getMemberId()), null, 0, false,
          Map.of("role", member.getRole().getName()));
      put(client, event);
    }

    @Override
    public void onInfoChanged(AVIMClient client, AVIMConversation conversation, JSONObject changed, String by) {
      put(client, Event.changing(conversation.getConversationId(), by, changed == null ? Map.of() : Map.copyOf(changed)));
    }
  };
}
