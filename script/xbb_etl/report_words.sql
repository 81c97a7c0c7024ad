-- What the report says, in English and Chinese.  A text here is no markup; %s is where values go.

CREATE FUNCTION xbb._report_words_of_page(OUT key pg_catalog.text, OUT en pg_catalog.text, OUT zh pg_catalog.text)
RETURNS SETOF record LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('language', 'en', 'zh-CN'),
  ('title', 'XBB sync report', '销帮帮同步报告'),
  ('kicker', '%s on %s, as %s sees it, %s (%s)', '数据库 %s（%s），%s 可见的内容，%s（%s）'),
  ('verdict none', 'Nothing is set up yet', '尚未配置任何任务'),
  ('verdict good', 'All is well', '一切正常'),
  ('verdict one', '1 thing needs action', '有 1 件事需要处理'),
  ('verdict many', '%s things need action', '有 %s 件事需要处理'),
  ('lead', '%s of %s syncs and pushes are as they should be.', '共 %2$s 个同步和推送任务，其中 %1$s 个状态正常。'),
  ('lead none', 'A sync copies a list of the CRM into a table of your own, and keeps it up to date.', '同步会把 CRM 的一个列表复制到您自己的表中，并保持更新。'),
  ('sum complete', 'Complete until', '数据完整至'),
  ('sum complete note', 'the least of all enabled tasks', '所有已启用任务中最早的'),
  ('sum complete unknown', 'not known of %s tasks', '有 %s 个任务未知'),
  ('sum runs', 'Runs in 30 days', '30 天内运行'),
  ('sum runs note', '%s failed', '失败 %s 次'),
  ('sum rows', 'Rows written in 30 days', '30 天内写入行数'),
  ('sum rows note', 'of %s records read', '读取记录 %s 条'),
  ('sum problems', 'Records set aside', '搁置的记录'),
  ('sum problems note', 'by %s tasks', '涉及 %s 个任务'),
  ('action', 'What needs action', '需要处理'),
  ('action none', 'Nothing.', '没有需要处理的事项。'), ('begin', 'To begin, as a role that may:', '可按以下语句开始（需要相应权限）：'),
  ('tasks', 'Syncs and pushes', '同步与推送'),
  ('tasks note', 'Worst first. All that the source had at “complete until” is in the target, or set aside and counted.', '按严重程度排序。“数据完整至”指：截至该时刻来源中的全部数据都已进入目标表，或已搁置并计数。'),
  ('tasks none', 'There is no sync and no push that you may see.', '没有您可以查看的同步或推送任务。'),
  ('flow', 'The flow', '数据流'),
  ('flow note', 'From the lists of the CRM to your tables, and on to where they are pushed. Numbers are of the last 30 days.', '从 CRM 列表到您的表，再到推送目标。数字为最近 30 天的合计。'),
  ('flow none', 'Nothing flows yet.', '尚无数据流。'),
  ('flow lists', 'Lists', '来源列表'), ('flow syncs', 'Syncs', '同步'), ('flow tables', 'Tables', '表'),
  ('flow pushes', 'Pushes', '推送'), ('flow targets', 'Targets', '目标'),
  ('flow sync', '%s read, %s written', '读 %s，写 %s'),
  ('flow push', '%s sent, %s open', '送达 %s，待处理 %s'),
  ('flow desc', 'A drawing: syncs %s, tables %s, pushes %s. The table of syncs and pushes has its numbers.', '图：同步 %s 个，表 %s 张，推送 %s 个。图中的数字见“同步与推送”表。'),
  ('local table', 'local table', '本地表'),
  ('runs', '30 days of runs', '最近 30 天的运行'),
  ('runs note', 'Days as the time zone %s has them. Failed runs include those that were killed.', '日期按时区 %s 划分。失败次数包含被强行终止的运行。'),
  ('runs none', 'Nothing has run in the last 30 days.', '最近 30 天没有任何运行。'),
  ('runs desc', '%s runs in 30 days, %s of them failed; at most %s a day.', '30 天内运行 %s 次，其中失败 %s 次；单日最多 %s 次。'),
  ('runs a day', 'runs a day', '每日运行次数'), ('failed a day', 'failed', '失败'),
  ('day good', 'all runs succeeded', '全部成功'), ('day warn', 'some failed', '部分失败'),
  ('day bad', 'all failed', '全部失败'), ('day off', 'skipped, stopped or under way', '跳过、停止或运行中'),
  ('strip', '%s: days with runs %s, with failures %s', '%s：有运行的天数 %s，有失败的天数 %s'),
  ('rejects', 'Records set aside', '搁置的记录'),
  ('rejects note', 'What syncs could not load, without any value of a record, and what targets of pushes did not take. Only the owner sees which records.', '同步无法加载的记录，以及推送目标未接受的记录；不显示记录内容。具体是哪些记录，只有所有者能看到。'),
  ('rejects none', 'None.', '没有。'),
  ('quota', 'Quota', '请求配额'),
  ('quota none', 'There is no server of the CRM that you may use.', '没有您可以使用的 CRM 服务器。'),
  ('drift', 'Changes in the CRM', 'CRM 结构变化'),
  ('drift note', 'This report asks the CRM nothing. What is known here: fields of foreign tables that a sync does not copy.', '本报告不会向 CRM 发送任何请求。此处仅列出本地已知的情况：外部表中有、但同步未复制的字段。'),
  ('drift none', 'The syncs copy all fields of their foreign tables. Whether the CRM has changed since, this tells, with the statements to type:', '各同步已复制其外部表的全部字段。CRM 之后是否有变化，可用以下语句查看（会给出应执行的语句）：'),
  ('drift some', 'This tells what has changed in the CRM, and what to type:', '以下语句可查看 CRM 的变化以及应执行的语句：'),
  ('doctor', 'The doctor''s last look', '最近一次诊断'),
  ('doctor title', '%s, %s, as %s', '%s，%s，角色 %s'), ('doctor note', '%s (%s ago); %s of %s checks are good.', '%1$s（%2$s前）；%4$s 项检查中 %3$s 项正常。'), ('assumed', 'relied on: %s', '假定：%s'),
  ('doctor none', 'Not asked yet. Some 20 requests tell whether the API behaves as the syncs take it to:', '尚未诊断过。约 20 个请求即可判断 API 的行为是否符合同步的假定：'),
  ('doctor good', 'Nothing was found that needs action.', '未发现需要处理的问题。'),
  ('evaluated', 'alerts looked at', '最近一次告警检查'), ('never', 'never', '从未'),
  ('versions', 'Versions and settings', '版本与设置'),
  ('foot', 'Made by xbb.report(). It holds no values of records, no secrets, and sends no requests.', '由 xbb.report() 生成。不包含记录内容和密钥，也不发送请求。')
$$;

CREATE FUNCTION xbb._report_words_of_parts(OUT key pg_catalog.text, OUT en pg_catalog.text, OUT zh pg_catalog.text)
RETURNS SETOF record LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('seconds', '%s s', '%s 秒'), ('minutes', '%s min', '%s 分钟'), ('hours', '%s h', '%s 小时'), ('days', '%s d', '%s 天'), ('ago', '%s ago', '%s前'),
  ('state failing', 'failing', '失败'), ('state stale', 'stale', '过期'), ('state incomplete', 'incomplete', '不完整'),
  ('state inactive', 'inactive', '未激活'), ('state never_run', 'never run', '从未运行'), ('state running', 'running', '运行中'),
  ('state ok', 'ok', '正常'), ('state disabled', 'disabled', '已停用'),
  ('state fail', 'fail', '未通过'), ('state warn', 'warning', '警告'), ('state unknown', 'unknown', '未知'),
  ('state aside', 'set aside', '已搁置'), ('state firing', 'alert', '告警'), ('state silenced', 'silenced', '已静默'),
  ('sync', 'sync', '同步'), ('push', 'push', '推送'), ('server', 'server', '服务器'), ('account', 'account', '账号'), ('syncs', 'syncs', '同步任务'), ('pushs', 'pushes', '推送任务'),
  ('h state', 'State', '状态'), ('h task', 'Task', '任务'), ('h path', 'From and to', '来源与目标'), ('h complete', 'Complete until', '数据完整至'),
  ('h last', 'Last run', '上次运行'), ('h rows', 'Rows', '行数'), ('h open', 'Set aside', '搁置'), ('h next', 'Next run', '下次运行'),
  ('h days', '30 days', '30 天'), ('h runs', 'Runs', '运行'), ('h failed', 'Failed', '失败'), ('h read', 'Read', '读取'), ('h written', 'Written', '写入'),
  ('h kind', 'Kind', '类别'), ('h error', 'Reason', '原因'), ('h records', 'Records', '记录数'), ('h first', 'First seen', '首次出现'), ('h newest', 'Newest', '最近出现'),
  ('h ids', 'Newest dataIds', '最近的 dataId'),
  ('h server', 'Server', '服务器'), ('h used', 'Used today', '今日已用'), ('h left', 'Of', '限额'), ('h resets', 'Renewed', '重置时间'), ('h rate', 'Requests a second', '每秒请求数'), ('h held', 'On hold until', '暂停至'),
  ('h table', 'Foreign table', '外部表'), ('h fields', 'Fields not copied', '未复制的字段'),
  ('h check', 'Check', '检查项'), ('h found', 'Found', '结果'), ('h fix', 'What to type', '处理语句'),
  ('h what', 'What', '项目'), ('h value', 'Value', '值'),
  ('comma', ', ', '，'), ('promised', '%s promised', '约定 %s'), ('no promise', 'no max_age', '未设 max_age'), ('behind', '%s behind', '落后 %s'),
  ('took', '%s, typically %s', '耗时 %s，通常 %s'), ('took alone', '%s', '耗时 %s'), ('typically', 'typically %s', '通常 %s'),
  ('not scheduled', 'not known', '未知'), ('query', 'a query', '查询'), ('of owner', ', of %s', '，所有者 %s'), ('no limit', 'no limit', '不限'),
  ('do failing why', 'Failures in a row: %s; the last %s: %s.', '连续 %s 次，最近一次 %s：%s。'),
  ('do stale why', 'Complete until %s (%s ago); %s were promised.', '数据完整至 %s（%s前），约定不超过 %s。'),
  ('do stale never', 'It was never complete; %s were promised.', '从未完整过，约定不超过 %s。'),
  ('do incomplete sync why', 'It has not read its list to the end. The next run goes on where the last one stopped.', '尚未读完列表。下次运行会从上次停止处继续。'),
  ('do incomplete push why', '%s records were refused, are held, or nobody knows whether they arrived.', '%s 条记录被拒、被搁置，或无法确认是否送达。'),
  ('do inactive', 'This is a copy of the database: %s tasks do nothing here', '这是数据库的副本：%s 个任务在此不运行'),
  ('do inactive why', 'If it is to take the original''s place, type this; else leave it.', '若要由它接替原库，请执行以下语句；否则无需处理。'),
  ('do never_run why', 'No schedule has started it, or it was made just now.', '没有调度启动过它，或者刚刚创建。'),
  ('do rejects why', '%s records could not be loaded. The first statement shows them, the second one tries again.', '%s 条记录无法加载。第一条语句查看这些记录，第二条重试。'),
  ('do many', '%s %s', '%s 个%s'), ('do many of', ', server %s', '（服务器 %s）'), ('do many more', 'and %s more', '等，另有 %s 个'),
  ('do many rejects', '%s syncs', '%s 个同步任务'),
  ('do many rejects why', '%s records could not be loaded. This shows them; CALL xbb.retry_rejects() tries those of a sync again.', '%s 条记录无法加载。以下语句列出这些记录；CALL xbb.retry_rejects() 可重试某个同步的记录。'),
  ('do quota', 'The day''s requests of %s are nearly used up', '%s 今日的请求配额即将用完'),
  ('do quota why', '%s of %s are used; renewed %s.', '已用 %s，限额 %s；%s 重置。'),
  ('do held', '%s is on hold', '%s 暂停请求'),
  ('do held why', 'The API asked for a pause until %s, or %s requests in a row have failed.', 'API 要求暂停至 %s，或已连续失败 %s 次。'),
  ('since', 'Since %s (%s).', '自 %s 起（%s）。'), ('told until', 'Nobody is told before %s.', '%s 前不发送告警。'),
  ('do unwatched', 'Nobody looks for alerts', '告警检查未在运行'), ('do unwatched why', 'The last look was at %s.', '最近一次检查：%s。'),
  ('do doctor', 'doctor of %s: %s', '%s 的诊断：%s')
$$;

-- What an error's code says: the code's own row, else its class's.
CREATE FUNCTION xbb._report_words_of_errors(OUT key pg_catalog.text, OUT en pg_catalog.text, OUT zh pg_catalog.text)
RETURNS SETOF record LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('error', 'an error', '发生错误'),
  ('error none', 'it was killed, or the server was', '进程或服务器被强行终止'),
  ('error 08', 'the API could not be reached', '无法连接 API'), ('error 08P01', 'the answer could not be understood', '无法理解应答'),
  ('error 22', 'a value that does not fit', '值不符合要求'), ('error 23', 'a constraint of the target was violated', '违反目标表的约束'),
  ('error 28', 'token or corpid was refused', 'token 或 corpid 被拒绝'), ('error 40', 'the list did not stand still, or a conflict', '列表变化过于频繁，或发生冲突'),
  ('error 42', 'a table, column or statement does not fit', '表、列或语句不匹配'), ('error 42501', 'a right is missing', '缺少权限'), ('error 42704', 'something is missing, such as a user mapping', '缺少对象，例如用户映射'),
  ('error 53', 'resources are used up', '资源耗尽'), ('error 53400', 'quota or request limit is reached', '达到配额或请求限制'),
  ('error 54', 'an answer that is too large', '应答过大'), ('error 55', 'not possible in this state', '当前状态下无法执行'),
  ('error 57', 'cancelled, or the server was shut down', '被取消，或服务器关闭'), ('error 57014', 'cancelled, or statement_timeout', '被取消，或 statement_timeout 到时'),
  ('error HV', 'the API refused, or answered what cannot be read', 'API 拒绝请求，或应答无法读取'), ('error HV00M', 'the API is busy or broken', 'API 繁忙或故障'), ('error HV00R', 'no such form or endpoint', '表单或接口不存在'),
  ('error P0', 'an error of a function of yours', '您的函数报错'), ('error XX', 'an error within the server', '服务器内部错误')
$$;

CREATE FUNCTION xbb._report_words(lang pg_catalog.text) RETURNS pg_catalog.jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF lang IS NULL OR lang NOT IN ('en', 'zh') THEN
    RAISE EXCEPTION 'there is no report in language %', coalesce(pg_catalog.quote_literal(lang), 'null')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Languages are ''en'' and ''zh''.';
  END IF;
  RETURN (
    SELECT pg_catalog.jsonb_object_agg(w.key, CASE lang WHEN 'zh' THEN w.zh ELSE w.en END)
    FROM (SELECT p.* FROM xbb._report_words_of_page() p UNION ALL SELECT p.* FROM xbb._report_words_of_parts() p
          UNION ALL SELECT p.* FROM xbb._report_words_of_errors() p) w);
END
$$;

CREATE FUNCTION xbb._report_error(sqlstate pg_catalog.text, words pg_catalog.jsonb) RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN sqlstate IS NULL THEN words ->> 'error none'
            ELSE coalesce(words ->> ('error ' || sqlstate), words ->> ('error ' || pg_catalog.left(sqlstate, 2)), words ->> 'error') || ' (' || xbb._report_html(sqlstate) || ')' END;
