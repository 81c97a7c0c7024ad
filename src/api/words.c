/*-------------------------------------------------------------------------
 *
 * words.c
 *	  What the API's words mean.
 *
 * Chinese words are found wherever they stand, Latin ones as whole words, in upper or
 * lower case: "signIn" is no "sign".
 *
 *-------------------------------------------------------------------------
 */
#include "api/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define WIDE_COMMA "\xef\xbc\x8c"	/* as Chinese keyboards have it */

/*
 * In this order: what is too fast often ends in "try again later"; what is forbidden
 * may name a form, or a token.  A row with a second word counts where both are found.
 * The first five of "later" and "too fast" are known from a client, the others are what
 * gateways and such APIs say (U).
 */
static const struct
{
	WordsClass	class;
	const char *word;
	const char *and;			/* or NULL */
}			rules[] = {
	{WORDS_DAY, "每日", "限"},
	{WORDS_DAY, "每天", "限"},
	{WORDS_DAY, "当日", "限"},
	{WORDS_DAY, "当天", "限"},
	{WORDS_DAY, "今日", "限"},
	{WORDS_TOO_FAST, "次/秒", NULL},
	{WORDS_TOO_FAST, "次/分", NULL},
	{WORDS_TOO_FAST, "频率", NULL},
	{WORDS_TOO_FAST, "频繁", NULL},
	{WORDS_TOO_FAST, "限流", NULL},
	{WORDS_TOO_FAST, "流控", NULL},
	{WORDS_TOO_FAST, "每秒", "限"},
	{WORDS_TOO_FAST, "每分钟", "限"},
	{WORDS_TOO_FAST, "次数", "超"},
	{WORDS_TOO_FAST, "次数", "上限"},
	{WORDS_TOO_FAST, "并发", "超"},
	{WORDS_TOO_FAST, "调用", "超限"},
	{WORDS_TOO_FAST, "请求", "超限"},
	{WORDS_TOO_FAST, "qps", NULL},
	{WORDS_LATER, "繁忙", NULL},
	{WORDS_LATER, "暂不可用", NULL},
	{WORDS_LATER, "请求超时", NULL},
	{WORDS_LATER, "响应超时", NULL},
	{WORDS_LATER, "处理超时", NULL},
	{WORDS_LATER, "稍后", NULL},
	{WORDS_LATER, "稍候", NULL},
	{WORDS_LATER, "系统异常", NULL},
	{WORDS_LATER, "系统维护", NULL},
	{WORDS_LATER, "维护中", NULL},
	{WORDS_LATER, "升级中", NULL},
	{WORDS_TOKEN, "token", "过期"},
	{WORDS_TOKEN, "token", "失效"},
	{WORDS_TOKEN, "登录", "过期"},
	{WORDS_TOKEN, "登录", "失效"},
	{WORDS_ADDRESS, "白名单", NULL},
	{WORDS_PACKAGE, "套餐", NULL},
	{WORDS_SIGNATURE, "签名", NULL},
	{WORDS_SIGNATURE, "验签", NULL},
	{WORDS_FORBIDDEN, "权限", NULL},
	{WORDS_FORBIDDEN, "无权", NULL},
	{WORDS_FORBIDDEN, "未授权", NULL},
	{WORDS_FORM, "表单", NULL},
	{WORDS_COMPANY, "公司", "不存在"},
	{WORDS_COMPANY, "公司", "无效"},
	{WORDS_COMPANY, "企业", "不存在"},
	{WORDS_TOO_FAST, "too many requests", NULL},
	{WORDS_TOO_FAST, "too frequent", NULL},
	{WORDS_TOO_FAST, "rate limit", NULL},
	{WORDS_TOO_FAST, "rate limited", NULL},
	{WORDS_TOO_FAST, "throttled", NULL},
	{WORDS_LATER, "busy", NULL},
	{WORDS_LATER, "try again later", NULL},
	{WORDS_LATER, "temporarily unavailable", NULL},
	{WORDS_LATER, "service unavailable", NULL},
	{WORDS_LATER, "timeout", NULL},
	{WORDS_LATER, "timed out", NULL},
	{WORDS_LATER, "under maintenance", NULL},
	{WORDS_TOKEN, "token", NULL},
	{WORDS_SIGNATURE, "sign", NULL},
	{WORDS_SIGNATURE, "signature", NULL},
	{WORDS_FORBIDDEN, "permission", NULL},
	{WORDS_FORBIDDEN, "forbidden", NULL},
	{WORDS_FORM, "formid", NULL},
	{WORDS_COMPANY, "corpid", NULL},
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* Of what Latin words are made of, names in code included. */
static bool
is_latin(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool
begins_with(const char *text, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (lower(text[i]) != lower(word[i]))
			return false;
	return true;
}

static bool
has_word(const char *text, const char *word, size_t length)
{
	for (const char *at = text; *at; at++)
	{
		if (!begins_with(at, word, length))
			continue;
		if (is_latin(word[0]) && at > text && is_latin(at[-1]))
			continue;
		if (!is_latin(word[length - 1]) || !is_latin(at[length]))
			return true;
	}
	return false;
}

/* Has the text one of a list of words between commas and blanks? */
static bool
has_any(const char *text, const char *list)
{
	while (*list)
	{
		const char *wide = strstr(list, WIDE_COMMA);
		size_t		length = strcspn(list, ",");
		const char *next;

		if (wide && wide < list + length)
			length = wide - list;
		next = list + length;
		next += *next == ',' ? 1 : *next ? strlen(WIDE_COMMA) : 0;

		while (length > 0 && *list == ' ')
			list++, length--;
		while (length > 0 && list[length - 1] == ' ')
			length--;
		if (length > 0 && has_word(text, list, length))
			return true;
		list = next;
	}
	return false;
}

WordsClass
words_class(const char *message, const char *taught)
{
	if (taught && has_any(message, taught))
		return WORDS_LATER;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
	{
		const char *and = rules[i].and;

		if (has_word(message, rules[i].word, strlen(rules[i].word)) &&
			(!and || has_word(message, and, strlen(and))))
			return rules[i].class;
	}
	return WORDS_UNKNOWN;
}

/*
 * The whole message, but for these around it.  Others with the same end are about a user, an
 * endpoint, a form, an option.
 */
static const struct
{
	const char *message;
	const char *path;
}			gone[] = {
	{"产品不存在", "/product/"},	/* xbb-api 5, C */
	{"数据不存在", ""},			/* as the API calls a record (U) */
};

static const char *const before_gone[] = {" ", "该", "此"};
static const char *const after_gone[] = {" ", "。", "！", ".", "!"};

const char *
words_gone(const char *message)
{
	size_t		length;

	for (size_t i = 0; i < sizeof(before_gone) / sizeof(before_gone[0]); i++)
		while (strncmp(message, before_gone[i], strlen(before_gone[i])) == 0)
			message += strlen(before_gone[i]);
	length = strlen(message);
	for (size_t i = 0; i < sizeof(after_gone) / sizeof(after_gone[0]); i++)
	{
		size_t		end = strlen(after_gone[i]);

		while (length >= end && strncmp(message + length - end, after_gone[i], end) == 0)
			length -= end;
	}
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		if (strlen(gone[i].message) == length && strncmp(message, gone[i].message, length) == 0)
			return gone[i].path;
	return NULL;
}
