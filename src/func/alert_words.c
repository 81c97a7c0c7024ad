/*-------------------------------------------------------------------------
 *
 * alert_words.c
 *	  The words of alerts, in English and Chinese.
 *
 * They are formats of PostgreSQL's format(), whose arguments have places, as
 * languages order them differently.  Scripts are read in the database's encoding,
 * which may have no Chinese characters; such a database speaks English.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "func/alert.h"

PG_FUNCTION_INFO_V1(xbb_fdw_alert_words);

typedef struct Words
{
	const char *key;
	const char *english;
	const char *chinese;
} Words;

static const Words words[] = {
	{"title failing", "failing", "失败"},
	{"title stale", "stale", "数据过期"},
	{"title did_not_run", "did not run", "未按时运行"},
	{"title rejects", "records refused", "有记录未入库"},
	{"title deletions_stopped", "deletions stopped", "删除被拦下"},
	{"title total_fell", "total fell", "总数骤降"},
	{"title slow", "slow", "运行变慢"},
	{"title missed", "records had been missed", "对账发现漏数"},
	{"title unsettled", "records unsettled", "推送结果待定"},
	{"title quota", "quota running out", "请求配额告急"},
	{"title unreachable", "unavailable", "接口不可用"},
	{"title token_refused", "token refused", "令牌被拒"},
	{"title drift", "forms have changed", "表单有变动"},
	{"title sees_less", "acting user sees less", "操作人可见数据变少"},
	{"title recovered", "recovered (%1$s)", "已恢复（%1$s）"},
	{"title", "%1$s: %2$s %3$s%4$s", "%1$s：%2$s %3$s%4$s"},

	{"kind sync", "sync", "同步"},
	{"kind push", "push", "推送"},
	{"kind server", "server", "服务器"},
	{"kind account", "account of server", "服务器账号"},

	{"detail failing", "since %1$s, %2$s in a row; the last: %3$s", "自 %1$s 起连续 %2$s 次；最近一次：%3$s"},
	{"detail stale", "since %1$s", "自 %1$s 起"},
	{"detail did_not_run", "was due at %1$s, last began at %2$s", "应于 %1$s 运行，上次开始于 %2$s"},
	{"detail never_run", "defined at %1$s, has never run", "%1$s 建立，从未运行"},
	{"detail rejects", "since %1$s, now %2$s", "自 %1$s 起，现有 %2$s 条"},
	{"detail deletions_stopped", "since %1$s: more records are gone than delete_limit lets go",
	"自 %1$s 起：消失的记录超过 delete_limit"},
	{"detail total_fell", "%2$s records at %1$s, usually %3$s", "%1$s 共 %2$s 条，通常 %3$s 条"},
	{"detail slow", "%2$s, usually %3$s; began at %1$s", "%1$s 开始，已用 %2$s，通常 %3$s"},
	{"detail missed", "the reconciliation of %1$s found %2$s", "%1$s 的对账补回 %2$s 条"},
	{"detail unsettled", "since %1$s: %2$s unknown, %3$s held", "自 %1$s 起：结果不明 %2$s 条，暂扣 %3$s 条"},
	{"detail quota", "%1$s of the day's %2$s requests are used", "今日配额 %2$s 次，已用 %1$s 次"},
	{"detail quota_gone", "the day's requests are used up", "今日请求次数已用完"},
	{"detail server", "since %1$s: %2$s", "自 %1$s 起：%2$s"},
	{"detail drift", "xbb.check_drift at %1$s: %2$s", "xbb.check_drift 于 %1$s 查出 %2$s 处"},
	{"detail doctor", "seen by xbb.doctor at %1$s", "xbb.doctor 于 %1$s 查出"},
	{"detail recovered", "after %1$s", "历时 %1$s"},

	{"impact none yet", "nothing is complete yet", "尚无完整数据"},
	{"impact complete", "complete until %1$s (%2$s ago)", "数据完整至 %1$s（已 %2$s）"},
	{"impact promised", "complete until %1$s (%2$s ago, promised %3$s)", "数据完整至 %1$s（已 %2$s，约定 %3$s）"},
	{"impact rejects", "the target has not, or has an older version of, these records", "目标缺少这些记录，或仍是旧版本"},
	{"impact deletions_stopped", "rows of records that are gone stay in the target", "已删除的记录仍留在目标表"},
	{"impact unsettled", "the target may have these records or not, their keys wait", "目标可能已收到，也可能没有；这些键等待处理"},
	{"impact affected", "%1$s affected: %2$s", "%1$s 个任务：%2$s"},
	{"impact quota", "used up, all syncs of the account rest until %1$s", "用完后该账号的同步停到 %1$s"},
	{"impact drift", "what is new or was changed in the CRM is not loaded as it should be", "CRM 中新增或改动的字段未能正确入库"},
	{"impact sees_less", "records that it cannot see are missing here, or would be deleted", "它看不到的记录在此缺失，或会被删除"},

	{"line impact", "Impact: %1$s", "影响：%1$s"},
	{"line next", "Next: %1$s", "处理：%1$s"},
	{"line silence", "Owner %1$s; silence: %2$s", "负责人 %1$s；静默：%2$s"},
	{"line more", "... and %1$s more: TABLE xbb.alert;", "……另有 %1$s 项：TABLE xbb.alert;"},
	{"head several", "%1$s new, %2$s recovered: %3$s", "新增 %1$s 项，恢复 %2$s 项：%3$s"},
	{"head digest", "still open today, %1$s: %2$s", "今日未恢复 %1$s 项：%2$s"},
	{"reason killed", "the run was killed", "运行被中断，进程已不在"},
	{"unknown time", "never", "从未"},
	{"span days", "%1$s d %2$s h", "%1$s 天 %2$s 小时"},
	{"span hours", "%1$s h %2$s min", "%1$s 小时 %2$s 分"},
	{"span minutes", "%1$s min", "%1$s 分"},
	{"span seconds", "%1$s s", "%1$s 秒"},
};

bool
alert_has_chinese(void)
{
	int			encoding = GetDatabaseEncoding();

	return encoding == PG_UTF8 || encoding == PG_EUC_CN || encoding == PG_SQL_ASCII;
}

Datum
xbb_fdw_alert_words(PG_FUNCTION_ARGS)
{
	char	   *lang = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *key = text_to_cstring(PG_GETARG_TEXT_PP(1));

	for (int i = 0; i < (int) lengthof(words); i++)
	{
		const char *said = strcmp(lang, "zh") == 0 && alert_has_chinese() ? words[i].chinese : words[i].english;

		if (strcmp(words[i].key, key) == 0)
			PG_RETURN_TEXT_P(cstring_to_text(pg_any_to_server(said, strlen(said), PG_UTF8)));
	}
	elog(ERROR, "alerts have no words for \"%s\"", key);
}
