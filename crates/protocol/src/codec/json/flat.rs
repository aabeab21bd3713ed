//! Which fields of which messages appear in flat JSON, and under what names.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::fields::{Field, Flat, ObjectWriter};
use super::wire::{
    AckCommand, BlacklistCommand, ConvCommand, ConvMemberInfo, DirectCommand, ErrorCommand, GenericCommand,
    LogItem, LogsCommand, MaxReadTuple, PatchCommand, PatchItem, RcpCommand, ReadCommand, ReadTuple,
    ReportCommand, SessionCommand, UnreadCommand, UnreadTuple,
};

macro_rules! flat {
    ($($message:ident { $($field:ident = $name:literal),+ $(,)? })+) => {$(
        impl Flat for $message {
            fn read(object: &mut Map<String, Value>) -> Self {
                let mut message = Self::default();
                $(if let Some(value) = object.remove($name) {
                    message.$field = Field::read(value);
                })+
                message
            }

            fn write(&self, object: &mut ObjectWriter) {
                $(object.field($name, &self.$field);)+
            }
        }
    )+};
}

flat! {
    GenericCommand {
        peer_id = "peerId", i = "i", app_id = "appId", installation_id = "installationId", priority = "priority",
        service = "service", server_ts = "serverTs", notification_type = "notificationType",
    }
    SessionCommand {
        t = "t", n = "n", s = "s", ua = "ua", r = "r", tag = "tag", device_id = "deviceId",
        device_token = "deviceToken", session_peer_ids = "sessionPeerIds",
        online_session_peer_ids = "onlineSessionPeerIds", st = "st", st_ttl = "stTtl", code = "code",
        reason = "reason", detail = "detail", last_unread_notif_time = "lastUnreadNotifTime",
        last_patch_time = "lastPatchTime", config_bitmap = "configBitmap",
    }
    ErrorCommand {
        code = "code", reason = "reason", detail = "detail", app_code = "appCode", app_msg = "appMsg",
        pids = "pids",
    }
    DirectCommand {
        cid = "cid", id = "id", from_peer_id = "fromPeerId", timestamp = "timestamp", msg = "msg",
        binary_msg = "binaryMsg", r = "r", transient = "transient", will = "will", dt = "dt",
        push_data = "pushData", offline = "offline", has_more = "hasMore", patch_timestamp = "patchTimestamp",
        mention_pids = "mentionPids", mention_all = "mentionAll", conv_type = "convType",
    }
    AckCommand {
        cid = "cid", mid = "mid", uid = "uid", t = "t", fromts = "fromts", tots = "tots", ids = "ids",
        code = "code", reason = "reason", app_code = "appCode", app_msg = "appMsg",
    }
    RcpCommand { id = "id", cid = "cid", t = "t", read = "read", from = "from" }
    UnreadCommand { convs = "convs", notif_time = "notifTime" }
    UnreadTuple {
        cid = "cid", unread = "unread", mid = "mid", timestamp = "timestamp", from = "from", data = "data",
        binary_msg = "binaryMsg", patch_timestamp = "patchTimestamp", mentioned = "mentioned",
        conv_type = "convType",
    }
    ReadCommand { cid = "cid", cids = "cids", convs = "convs" }
    ReadTuple { cid = "cid", mid = "mid", timestamp = "timestamp" }
    LogsCommand {
        cid = "cid", t = "t", mid = "mid", t_included = "tIncluded", tt = "tt", tmid = "tmid",
        tt_included = "ttIncluded", l = "l", limit = "limit", direction = "direction", lctype = "lctype",
        logs = "logs",
    }
    // The second name of the message id is that of the history over HTTP (W-417).
    LogItem {
        msg_id = "msg-id", msg_id = "msgId", from = "from", data = "data", timestamp = "timestamp", ack_at = "ackAt",
        read_at = "readAt", patch_timestamp = "patchTimestamp", mention_all = "mentionAll",
        mention_pids = "mentionPids", bin = "bin", conv_type = "convType",
    }
    ConvCommand {
        cid = "cid", m = "m", transient = "transient", unique = "unique", unique_id = "uniqueId",
        cdate = "cdate", udate = "udate", init_by = "initBy", sort = "sort", limit = "limit", skip = "skip",
        flag = "flag", count = "count", t = "t", n = "n", s = "s", query_all_members = "queryAllMembers",
        max_read_timestamp = "maxReadTimestamp", max_ack_timestamp = "maxAckTimestamp",
        max_read_tuples = "maxReadTuples", cids = "cids", temp_conv = "tempConv", temp_conv_ttl = "tempConvTTL",
        temp_conv_ids = "tempConvIds", allowed_pids = "allowedPids", failed_pids = "failedPids",
        existing = "existing", results = "results", r#where = "where", attr = "attr",
        attr_modified = "attrModified", target_client_id = "targetClientId", info = "info", next = "next",
    }
    ConvMemberInfo { pid = "pid", role = "role", info_id = "infoId" }
    BlacklistCommand {
        src_cid = "srcCid", to_pids = "toPids", src_pid = "srcPid", to_cids = "toCids", limit = "limit",
        next = "next", blocked_pids = "blockedPids", blocked_cids = "blockedCids",
        allowed_pids = "allowedPids", failed_pids = "failedPids", t = "t", n = "n", s = "s",
    }
    MaxReadTuple {
        pid = "pid", max_ack_timestamp = "maxAckTimestamp", max_read_timestamp = "maxReadTimestamp",
    }
    PatchCommand { patches = "patches", last_patch_time = "lastPatchTime" }
    ReportCommand { initiative = "initiative", r#type = "type", data = "data" }
}

impl Flat for PatchItem {
    fn read(object: &mut Map<String, Value>) -> Self {
        let mut take = |name: &str| object.remove(name).unwrap_or_default();
        Self {
            cid: Field::read(take("cid")),
            mid: Field::read(take("mid")),
            timestamp: Field::read(take("timestamp")),
            recall: Field::read(take("recall")),
            // Bytes only because of one protobuf SDK (W-34).
            data: <Option<String> as Field>::read(take("data")).map(Bytes::from),
            patch_timestamp: Field::read(take("patchTimestamp")),
            from: Field::read(take("from")),
            binary_msg: Field::read(take("binaryMsg")),
            mention_all: Field::read(take("mentionAll")),
            mention_pids: Field::read(take("mentionPids")),
            patch_code: Field::read(take("patchCode")),
            patch_reason: Field::read(take("patchReason")),
        }
    }

    fn write(&self, object: &mut ObjectWriter) {
        object.field("cid", &self.cid);
        object.field("mid", &self.mid);
        object.field("timestamp", &self.timestamp);
        object.field("recall", &self.recall);
        object.field("data", &self.data.as_ref().map(|data| String::from_utf8_lossy(data).into_owned()));
        object.field("patchTimestamp", &self.patch_timestamp);
        object.field("from", &self.from);
        object.field("binaryMsg", &self.binary_msg);
        object.field("mentionAll", &self.mention_all);
        object.field("mentionPids", &self.mention_pids);
        object.field("patchCode", &self.patch_code);
        object.field("patchReason", &self.patch_reason);
    }
}
