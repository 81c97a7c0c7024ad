-- Alerts: what is wrong is told, each thing once, and that it is over.
--
-- A finding is what a rule sees now.  Its alert is pending, until the rule's hold is over or its threshold reached, then
-- firing, and ok once two evaluations in a row have not found it.  Firing is told once, in a message for each channel that
-- holds all that is new or over in an evaluation; what is silenced, or is there only because of something else that
-- is told (inhibited_by), waits.  An evaluation (xbb.check_alerts, at the end of each run and by a schedule) only
-- queues; CALL xbb.send_alerts() sends, each role the messages of its channels, with its own rights.
--
-- An alert is of the role whose task it is about, also one of a server or an account: of each role that has tasks there.
-- Nobody has rights on the tables but their owner, and that of the database to restore what is dumped: src/func/alert.h has what writes into them.  A dump has what users
-- said (changes of rules, silences, channels), by names of roles, and neither what fires nor messages.

-- Whose rule a change is: '' that of everybody; of one task, or, '', of all.
CREATE TABLE xbb._alert_change (
  owner text NOT NULL,
  rule text NOT NULL,
  task text NOT NULL CHECK (pg_catalog.length(task) <= 200),
  enabled boolean,
  threshold numeric,
  hold interval,
  PRIMARY KEY (owner, rule, task)
);
COMMENT ON TABLE xbb._alert_change IS 'what roles changed of the rules; read it through alert_rule';

CREATE TABLE xbb._alert_silence (
  owner text NOT NULL,
  name text NOT NULL CHECK (pg_catalog.length(name) BETWEEN 1 AND 200),
  until timestamptz NOT NULL,
  why text NOT NULL,
  since timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (owner, name)
);
COMMENT ON TABLE xbb._alert_silence IS 'what is not told until then; read it through alert_silence';

CREATE TABLE xbb._alert_channel (
  owner text NOT NULL,
  name text NOT NULL CHECK (pg_catalog.length(name) BETWEEN 1 AND 63),
  kind text NOT NULL CHECK (kind IN ('log', 'notify', 'target')),
  target text CHECK ((kind = 'target') = (target IS NOT NULL) AND pg_catalog.length(target) <= 200),
  lang text NOT NULL CHECK (lang IN ('en', 'zh')),
  time_zone text NOT NULL CHECK (pg_catalog.length(time_zone) <= 100),
  keyword text NOT NULL CHECK (pg_catalog.length(keyword) <= 50),
  max_bytes integer NOT NULL CHECK (max_bytes BETWEEN 2000 AND 1000000),
  digest time,
  place pg_catalog.uuid,
  PRIMARY KEY (owner, name)
);
COMMENT ON TABLE xbb._alert_channel IS 'where messages go; read it through alert_channel';

CREATE TABLE xbb._alert_digest (
  owner text NOT NULL,
  channel text NOT NULL,
  day date NOT NULL,
  PRIMARY KEY (owner, channel)
);
COMMENT ON TABLE xbb._alert_digest IS 'the last day whose digest is done with';

CREATE TABLE xbb._alert_state (
  owner oid NOT NULL,
  subject_kind text NOT NULL CHECK (subject_kind IN ('server', 'account', 'sync', 'push')),
  subject text NOT NULL,
  rule text NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'firing', 'ok')),
  -- when it was first seen, or, of one that is ok, was over
  since timestamptz NOT NULL,
  seen timestamptz NOT NULL,
  -- evaluations that have not found it since
  clear integer NOT NULL DEFAULT 0,
  told boolean NOT NULL DEFAULT false,
  server text,
  inhibited_by text,
  facts jsonb NOT NULL,
  PRIMARY KEY (owner, subject_kind, subject, rule)
);
COMMENT ON TABLE xbb._alert_state IS 'what fires, or is about to; read it through alert';

CREATE TABLE xbb._alert_due (
  owner oid NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  due timestamptz NOT NULL,
  PRIMARY KEY (owner, kind, name)
);
COMMENT ON TABLE xbb._alert_due IS 'when tasks with a schedule are to begin the next time';

CREATE TABLE xbb._alert_message (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner text NOT NULL,
  channel text NOT NULL,
  created timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  kind text NOT NULL CHECK (kind IN ('firing', 'recovered', 'digest')),
  body text NOT NULL,
  bytes integer NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sending', 'sent', 'unknown', 'failed')),
  tries integer NOT NULL DEFAULT 0,
  next_try timestamptz NOT NULL DEFAULT '-infinity',
  sent_at timestamptz,
  note text
);
CREATE INDEX ON xbb._alert_message (owner, channel, id) WHERE status <> 'sent';
COMMENT ON TABLE xbb._alert_message IS 'messages to be sent, and sent; read it through alert_message';

-- What xbb.check_drift() counted last.
CREATE TABLE xbb._alert_drift (
  server oid NOT NULL,
  owner oid NOT NULL,
  changes bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (server, owner)
);
COMMENT ON TABLE xbb._alert_drift IS 'how much of the forms has changed, as roles looked last';

-- Microseconds of the latest evaluation: a row would leave a dead one each time.
CREATE SEQUENCE xbb._alert_evaluation;
COMMENT ON SEQUENCE xbb._alert_evaluation IS 'when alerts were looked at; read it through alert_evaluated';

SELECT pg_catalog.pg_extension_config_dump('xbb._alert_change', '');
SELECT pg_catalog.pg_extension_config_dump('xbb._alert_silence', '');
SELECT pg_catalog.pg_extension_config_dump('xbb._alert_channel', '');
CREATE TRIGGER restored BEFORE INSERT ON xbb._alert_change FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
CREATE TRIGGER restored BEFORE INSERT ON xbb._alert_silence FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
CREATE TRIGGER restored BEFORE INSERT ON xbb._alert_channel FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();

CREATE VIEW xbb.alert_evaluated AS
SELECT CASE WHEN e.is_called THEN pg_catalog.to_timestamp(e.last_value / 1000000.0) END AS evaluated FROM xbb._alert_evaluation e;
COMMENT ON VIEW xbb.alert_evaluated IS 'when alerts were last looked at';
COMMENT ON COLUMN xbb.alert_evaluated.evaluated IS 'by xbb.check_alerts() or a run; NULL: never';
