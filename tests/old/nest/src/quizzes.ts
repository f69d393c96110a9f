import { Body, Controller, Get, Param, Post, Put, UseGuards } from "@nestjs/common";
import { InjectModel } from "@nestjs/mongoose";
import { Model } from "mongoose";
import { Login, OptionalLogin, UserId } from "./auth.js";
import { found } from "./found.js";
import { Quiz, QuizAttempt, UserPerformance } from "./schemas.js";

@Controller("quiz")
export class QuizController {
  constructor(
    @InjectModel(Quiz.name) private readonly quizzes: Model<Quiz>,
    @InjectModel(QuizAttempt.name) private readonly attempts: Model<QuizAttempt>,
    @InjectModel(UserPerformance.name) private readonly performances: Model<UserPerformance>,
  ) {}

  @Post()
  @UseGuards(OptionalLogin)
  create(@Body() quiz: Partial<Quiz>, @UserId() createdBy?: string) {
    return this.quizzes.create({ ...quiz, createdBy });
  }

  @Get()
  @UseGuards(Login)
  list(@UserId() createdBy: string) {
    return this.quizzes.find({ createdBy }).sort({ createdAt: -1 });
  }

  @Get(":id")
  async read(@Param("id") id: string) {
    return found(await this.quizzes.findById(id), "Quiz");
  }

  @Put(":id")
  async change(@Param("id") id: string, @Body() change: Partial<Quiz>) {
    return found(await this.quizzes.findByIdAndUpdate(id, change, { returnDocument: "after" }), "Quiz");
  }

  @Post(":id/submit")
  @UseGuards(Login)
  async submit(
    @Param("id") id: string,
    @Body("answers") userAnswers: Record<string, string> = {},
    @UserId() userId: string,
  ) {
    const quiz = found(await this.quizzes.findById(id), "Quiz");
    const questionResults = quiz.questions.map(({ id: questionId, question }, position) => {
      const userAnswer = userAnswers[questionId];
      const correctAnswer = quiz.correctAnswers[position];
      const isCorrect = userAnswer !== undefined && userAnswer === correctAnswer;
      return { questionId, question, userAnswer, correctAnswer, isCorrect };
    });
    const score = questionResults.filter((result) => result.isCorrect).length;
    const totalQuestions = questionResults.length;
    const percentage = totalQuestions ? (score / totalQuestions) * 100 : 0;
    const completedAt = new Date();
    const attempt = await this.attempts.create({
      quizId: quiz._id,
      userId,
      userAnswers,
      score,
      totalQuestions,
      percentage,
      questionResults,
      completedAt,
    });
    await this.record(userId, quiz.topic, percentage);
    return attempt;
  }

  @Get("user/:userId/history")
  history(@Param("userId") userId: string) {
    return this.attempts.find({ userId }).sort({ completedAt: -1 });
  }

  private async record(userId: string, topic: string, percentage: number) {
    const known = await this.performances.findOne({ userId });
    const performance = known ?? new this.performances({ userId });
    performance.averageScore = mean(performance.averageScore, performance.totalQuizzes, percentage);
    performance.totalQuizzes += 1;
    const before = performance.topicPerformance[topic];
    const [average, taken] = [before?.averageScore ?? 0, before?.quizzesTaken ?? 0];
    const now = {
      quizzesTaken: taken + 1,
      averageScore: mean(average, taken, percentage),
      bestScore: Math.max(before?.bestScore ?? 0, percentage),
      improvementTrend: taken ? percentage - average : 0,
    };
    performance.topicPerformance = { ...performance.topicPerformance, [topic]: now };
    performance.lastUpdated = new Date();
    await performance.save();
  }
}

/** The mean of `count` values and one more. */
function mean(of: number, count: number, more: number) {
  return (of * count + more) / (count + 1);
}
