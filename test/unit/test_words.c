/*-------------------------------------------------------------------------
 *
 * test_words.c
 *	  Each of the API's messages is taken for what it means.
 *
 * From a client's list, from gateways, and some that mean something else.
 *
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../src/api/words.c"

static const char *const names[WORDS_NCLASSES] = {
	[WORDS_UNKNOWN] = "unknown",
	[WORDS_LATER] = "later",
	[WORDS_TOO_FAST] = "too fast",
	[WORDS_DAY] = "day",
	[WORDS_SIGNATURE] = "signature",
	[WORDS_TOKEN] = "token",
	[WORDS_COMPANY] = "company",
	[WORDS_ADDRESS] = "address",
	[WORDS_PACKAGE] = "package",
	[WORDS_FORBIDDEN] = "forbidden",
	[WORDS_FORM] = "form",
};

static const struct
{
	WordsClass	class;
	const char *message;
	const char *taught;
}			cases[] = {
	{WORDS_TOO_FAST, "接口请求频率超过20次/秒", NULL},
	{WORDS_TOO_FAST, "请求过于频繁，请稍后再试", NULL},
	{WORDS_TOO_FAST, "访问频率过高", NULL},
	{WORDS_TOO_FAST, "调用次数超过限制", NULL},
	{WORDS_TOO_FAST, "接口调用超过频率限制", NULL},
	{WORDS_TOO_FAST, "操作太频繁了", NULL},
	{WORDS_TOO_FAST, "QPS超限", NULL},
	{WORDS_TOO_FAST, "并发数超限", NULL},
	{WORDS_TOO_FAST, "已超出每分钟1000次限制", NULL},
	{WORDS_TOO_FAST, "触发限流", NULL},
	{WORDS_TOO_FAST, "Too many requests", NULL},
	{WORDS_TOO_FAST, "API rate limit exceeded", NULL},
	{WORDS_TOO_FAST, "Requests are throttled.", NULL},
	{WORDS_DAY, "超过每日调用上限", NULL},
	{WORDS_DAY, "今日请求次数已达上限，请稍后再试", NULL},
	{WORDS_LATER, "系统繁忙,请稍后再试", NULL},
	{WORDS_LATER, "服务暂不可用", NULL},
	{WORDS_LATER, "请求超时", NULL},
	{WORDS_LATER, "服务器繁忙，请稍后重试", NULL},
	{WORDS_LATER, "系统异常，请稍后重试", NULL},
	{WORDS_LATER, "服务升级中", NULL},
	{WORDS_LATER, "系统维护中", NULL},
	{WORDS_LATER, "Server BUSY", NULL},
	{WORDS_LATER, "upstream request timeout", NULL},
	{WORDS_SIGNATURE, "签名错误", NULL},
	{WORDS_SIGNATURE, "bad sign", NULL},
	{WORDS_TOKEN, "token已过期", NULL},
	{WORDS_TOKEN, "登录验证过期", NULL},
	{WORDS_TOKEN, "Token invalid", NULL},
	{WORDS_COMPANY, "公司不存在", NULL},
	{WORDS_COMPANY, "unknown corpid", NULL},
	{WORDS_COMPANY, "corpId错误", NULL},
	{WORDS_ADDRESS, "IP不在白名单内，无权限访问", NULL},
	{WORDS_PACKAGE, "套餐已到期", NULL},
	{WORDS_FORBIDDEN, "没有该表单的权限", NULL},
	{WORDS_FORBIDDEN, "assigned user has left: 无权限", NULL},
	{WORDS_FORBIDDEN, "Forbidden", NULL},
	{WORDS_FORM, "表单不存在", NULL},
	{WORDS_FORM, "signIn表单不存在", NULL},
	{WORDS_FORM, "formId is missing", NULL},
	/* not whole words, or not together */
	{WORDS_UNKNOWN, "design module not opened", NULL},
	{WORDS_UNKNOWN, "signIn is closed", NULL},
	{WORDS_UNKNOWN, "access_token_x", NULL},
	{WORDS_UNKNOWN, "business object", NULL},
	{WORDS_UNKNOWN, "公司名称不能为空", NULL},
	{WORDS_UNKNOWN, "名称长度超限", NULL},
	{WORDS_UNKNOWN, "请先维护客户信息", NULL},
	{WORDS_UNKNOWN, "参数错误", NULL},
	{WORDS_UNKNOWN, "", NULL},
	/* taught: before all others, by the same rules */
	{WORDS_LATER, "参数错误", "参数错误"},
	{WORDS_LATER, "队列已满", "排队, 队列已满 ,x"},
	{WORDS_LATER, "队列已满", "排队，队列已满"},
	{WORDS_LATER, "无权限，请排队", "排队"},
	{WORDS_LATER, "Queue Full", "queue full"},
	{WORDS_UNKNOWN, "queues", "queue"},
	{WORDS_UNKNOWN, "anything", " , ,"},
	{WORDS_UNKNOWN, "anything", ""},
};

/* Whose record is not there: NULL where that is said of something else. */
static const struct
{
	const char *message;
	const char *path;
}			gone_cases[] = {
	{"产品不存在", "/product/"},
	{"数据不存在", ""},
	{" 该数据不存在。", ""},
	{"数据不存在!", ""},
	{"用户不存在", NULL},
	{"接口不存在", NULL},
	{"表单不存在", NULL},
	{"公司不存在", NULL},
	{"选项不存在", NULL},
	{"字段数据不存在", NULL},
	{"数据不存在或没有查看权限", NULL},
	{"不存在", NULL},
	{"", NULL},
};

static bool
is_path(const char *path, const char *expected)
{
	return path && expected ? strcmp(path, expected) == 0 : path == expected;
}

int
main(void)
{
	int			nfailed = 0;
	int			n = sizeof(cases) / sizeof(cases[0]);

	for (int i = 0; i < n; i++)
	{
		WordsClass	class = words_class(cases[i].message, cases[i].taught);

		printf("%sok %d - %s: %s", class == cases[i].class ? "" : "not ", i + 1,
			   names[cases[i].class], cases[i].message);
		if (cases[i].taught)
			printf(" (taught: %s)", cases[i].taught);
		printf(class == cases[i].class ? "\n" : ", not %s\n", names[class]);
		nfailed += class != cases[i].class;
	}
	for (size_t i = 0; i < sizeof(gone_cases) / sizeof(gone_cases[0]); i++)
	{
		bool		right = is_path(words_gone(gone_cases[i].message), gone_cases[i].path);

		printf("%sok %d - %s\n", right ? "" : "not ", ++n, gone_cases[i].message);
		nfailed += !right;
	}
	printf("1..%d\n", n);
	return nfailed > 0;
}
