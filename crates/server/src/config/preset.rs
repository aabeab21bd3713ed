//! Presets: defaults that belong together. What an app sets itself is stronger.

use figment::value::Value;

use super::app::{AppConfig, Preset};

/// Gives the settings that the app's table does not name the values of its preset.
pub(super) fn apply(settings: &mut AppConfig, written: &Value) {
    macro_rules! preset {
        ($( $table:ident.$key:ident = $value:expr; )*) => {{$(
            if written.find_ref(concat!(stringify!($table), ".", stringify!($key))).is_none() {
                settings.$table.$key = $value;
            }
        )*}};
    }
    match settings.limits.preset {
        Preset::None => {}
        Preset::Leancloud => preset! {
            limits.messages_per_minute = 60;
            limits.messages_burst = 60;
            limits.history_per_minute = 120;
            limits.history_burst = 120;
            limits.others_per_minute = 30;
            limits.others_burst = 30;
            limits.deliveries_per_second = 160_000;
            history.max_limit = 100;
            message.retention_days = 180;
            conversation.idle_days = 180;
            message.allow_edit = false;
            message.allow_recall = false;
        },
    }
}
